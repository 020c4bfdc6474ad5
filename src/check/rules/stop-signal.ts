/** Rules about the signal that stops a container: it must be the one at which its program finishes its requests. */
import type { Dockerfile, DockerfileInstruction } from '../dockerfile.ts';
import { type StopBehavior, signalName, stopBehaviorOf } from '../images.ts';
import { containerPatch } from '../patch.ts';
import type { Problem, Rule } from '../rule.ts';

export const STOP_SIGNAL_RULES: readonly Rule[] = [
  {
    id: 'stop-signal-cuts-requests',
    title: 'a stop signal at which the server cuts its requests',
    severity: 'error',
    judges: 'process',
    cause: 'no-graceful-shutdown',
    explanation:
      'nginx and php-fpm finish their requests at SIGQUIT, Apache httpd at SIGWINCH, HAProxy at SIGUSR1; at SIGTERM they close all connections at once (their own pages on signals say so). Their official images therefore set STOPSIGNAL, and images built FROM them inherit it. A STOPSIGNAL SIGTERM, or lifecycle.stopSignal: SIGTERM in the manifest, takes that back. SIGKILL ends any program at once. Kubernetes honors lifecycle.stopSignal only with the feature gate ContainerStopSignals and with spec.os.name.',
    documented:
      '"Controlling nginx" (nginx.org), "Stopping and Restarting Apache HTTP Server" (httpd.apache.org), php-fpm(8), the management guide of HAProxy, and the Dockerfiles of their official images.',
    fix: `FROM nginx:1.29
# No STOPSIGNAL: the image has SIGQUIT.`,
    evaluate: ({ object, name, containers }) =>
      containers.flatMap((target): Problem[] => {
        const { container, path } = target;
        const signal = container.lifecycle?.stopSignal;
        if (signal === undefined) return [];
        const what = `${name}: container "${container.name}": stopSignal ${signal}`;
        const place = { object, path: [...path, 'lifecycle', 'stopSignal'] };
        const server = stopBehaviorOf(container.image);
        if (server?.cutting.includes(signal)) {
          const message = `${what} makes ${server.program} cut its requests; write ${server.graceful}`;
          return [{ place, message, patch: containerPatch(target, { lifecycle: { stopSignal: server.graceful } }) }];
        }
        if (signal !== 'SIGKILL') return [];
        return [{ place, message: `${what} ends the app at once, with all requests in flight; remove it` }];
      }),
    evaluateDockerfile(dockerfile) {
      const { stopSignal, file, baseImage } = dockerfile;
      if (!stopSignal) return [];
      const signal = signalName(stopSignal.text);
      const place = { instruction: { file, position: stopSignal.position } };
      const server = stopBehaviorOf(baseImage);
      if (server?.cutting.includes(signal) && runs(dockerfile, server) !== 'another program') {
        const message = `STOPSIGNAL ${stopSignal.text}: ${server.program} of ${baseImage} cuts its requests at ${signal}; remove the line, or write ${server.graceful}`;
        return [{ place, message }];
      }
      if (signal !== 'SIGKILL') return [];
      return [
        {
          place,
          message: `STOPSIGNAL ${stopSignal.text} ends the app at once, with all requests in flight; remove it`,
        },
      ];
    },
  },
  {
    id: 'inherited-stop-signal',
    title: 'a stop signal of the base image that the app does not expect',
    severity: 'warning',
    judges: 'process',
    cause: 'no-graceful-shutdown',
    explanation:
      'STOPSIGNAL is inherited. An image built FROM nginx, httpd, haproxy or php-fpm that starts another program gets SIGQUIT, SIGWINCH or SIGUSR1 instead of SIGTERM. Most apps handle only SIGTERM: as PID 1 they then ignore the signal until SIGKILL, or end at once. It depends on the app, so it is a warning.',
    fix: `FROM nginx:1.29
COPY controller /controller
STOPSIGNAL SIGTERM
ENTRYPOINT ["/controller"]`,
    evaluateDockerfile(dockerfile) {
      const server = stopBehaviorOf(dockerfile.baseImage);
      const own = [dockerfile.entrypoint, dockerfile.cmd].find((instruction) => instruction?.argv.length);
      if (!server || !own || dockerfile.stopSignal || runs(dockerfile, server) !== 'another program') return [];
      const message = `${own.keyword}: "${own.argv.join(' ')}" gets ${server.graceful} when it is stopped, the STOPSIGNAL of ${dockerfile.baseImage}, and not SIGTERM; write STOPSIGNAL SIGTERM, or handle ${server.graceful}`;
      return [{ place: { instruction: own }, message }];
    },
  },
];

/** What a Dockerfile's image runs, if it is built on a server's image. Shell scripts may start the server. */
function runs({ entrypoint, cmd }: Dockerfile, server: StopBehavior): 'the server' | 'another program' | 'unknown' {
  if (!entrypoint && !cmd) return 'the server';
  const words = [entrypoint, cmd].flatMap((instruction) => (instruction ? wordsOf(instruction) : []));
  if (words.some((word) => server.commands.some((command) => programName(word).startsWith(command))))
    return 'the server';
  const [program = ''] = words;
  const isScript = /\.sh$|entrypoint/.test(program) || (entrypoint ?? cmd)?.form === 'shell';
  return isScript ? 'unknown' : 'another program';
}

function wordsOf({ argv }: DockerfileInstruction): string[] {
  return argv.flatMap((word) => word.split(/\s+/));
}

function programName(word: string): string {
  return word.split('/').at(-1) ?? word;
}
