/** Rules about PID 1, the process that gets SIGTERM, in a manifest's command and in a Dockerfile. */
import type { Dockerfile, DockerfileInstruction } from '../dockerfile.ts';
import { runsItsArguments } from '../images.ts';
import type { CheckedContainer } from '../objects.ts';
import { containerPatch } from '../patch.ts';
import { type Pid1, pid1 } from '../pid1.ts';
import type { Problem, Rule, Severity } from '../rule.ts';
import type { Workload } from '../workload.ts';

interface Judged {
  /** In one line. */
  problem: string;
  /** A replacement for one word of the command, if that is the whole fix. */
  fix?: { word: string; instead: string };
  severity?: Severity;
  /** If the container serves nothing; undefined: there is no problem then. */
  idleSeverity?: Severity | undefined;
}

/** Undefined if there is no problem. A Dockerfile has no container. */
type Judge = (found: Pid1, container?: CheckedContainer) => Judged | undefined;

/** An example, if the right command cannot be derived from the manifest. */
const AS_IN = 'as in [node, server.js]';

const APP_AS_PID1 = `# In the manifest:
kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: app
          command: [node, server.js]
# Or in the Dockerfile:
# CMD ["node", "server.js"]`;

export const PID1_RULES: readonly Rule[] = [
  pid1Rule(
    {
      id: 'shell-pid1',
      title: 'a shell as PID 1',
      severity: 'error',
      judges: 'process',
      cause: 'no-graceful-shutdown',
      explanation:
        'The kubelet sends SIGTERM to PID 1. A shell as PID 1 ignores the signal and does not forward it. So the app never gets SIGTERM, and SIGKILL ends it at the end of the grace period with all requests in flight. Behind an init such as tini or dumb-init, the shell is not PID 1: it ends at SIGTERM, and the container with it. The shell form of ENTRYPOINT and CMD starts such a shell, and so does command: [sh, -c, ...]. With exec before the app, the app replaces the shell, and the problem is gone. bash and BusyBox do that by themselves for the last command of a plain script. dash, the sh of Debian and Ubuntu images, does not. If the image does not show which of them its sh is, this is a warning; if the container serves no requests, an info.',
      measured:
        'A server on Node behind `sh -c "node server.js"` (dash 0.5.12, PID 1) got no SIGTERM. bash 5.2 and BusyBox 1.35 replaced themselves with the command. A server on Node that ignored SIGTERM as PID 1 broke 60 requests in one rollout on Kubernetes 1.34 (see shutdown-disabled).',
      fix: APP_AS_PID1,
      alsoKnownAs: ['hadolint DL3025', 'docker build JSONArgsRecommended'],
    },
    (found) => {
      if (found.kind !== 'shell') return undefined;
      const exec = found.fixed ? `write "${shortened(found.fixed)}"` : 'write exec before the app, as the last command';
      const instead =
        found.behind.kind === 'app' ? `${exec}, or start the app without a shell` : `start the app itself, ${AS_IN}`;
      const script = `${found.shell} -c "${shortened(found.script)}"`;
      const sure = found.isSure ? '' : ` (unless the image's sh is bash or BusyBox, which may replace itself)`;
      const problem = found.init
        ? `${script} behind ${found.init} ends at SIGTERM, and the container with it, before the app has finished${sure}; ${instead}`
        : `${script} keeps the shell as PID 1, which does not forward SIGTERM${sure}; ${instead}`;
      return {
        problem,
        ...(found.fixed && { fix: { word: found.script, instead: found.fixed } }),
        ...(!found.isSure && { severity: 'warning' as const }),
        idleSeverity: found.isLoop ? undefined : 'info',
      };
    },
  ),
  pid1Rule(
    {
      id: 'npm-as-pid1',
      title: 'a script runner (npm, npx or node --run) as PID 1',
      severity: 'error',
      judges: 'process',
      cause: 'no-graceful-shutdown',
      explanation:
        'npm and npx run a script by sh and pass SIGTERM to it. In Debian images that is dash, which ends without telling the app, and npm exits half a second later, even if the app is still serving; the container ends with it. An init in front of npm (tini, tini -g, dumb-init) ends when npm does, so it does not help. bash, and the BusyBox of Alpine images, replace themselves by a script that is a single command; the app then gets the signal, and npm waits for it. So this is an error in images with dash, and a warning in others. node --run ignores SIGTERM as PID 1 and does not forward it. Start the app itself. bun run and deno task forward signals. If the container serves no requests, this is a warning: what it is working on is cut.',
      measured:
        'With a request of 2 s in flight, npm start and npx of npm 11 as PID 1 exited 0.53 s after SIGTERM and cut it, and the app never got the signal; so did npm 8 and 10, and npm 6 after 14 ms. With BusyBox as its shell, each of them waited for the app, which drained; npm 11 did so with bash too, and behind tini and dumb-init. With dash behind dumb-init, which signals the whole group, an app that drains for 3 s was cut after 34 ms. Behind node --run of Node 26 the app never got the signal either.',
      fix: APP_AS_PID1,
    },
    (found) => {
      if (found.kind === 'npm') return judgedNpm(found);
      if (found.kind !== 'node-run') return undefined;
      const problem = found.init
        ? `"${shortened(found.command)}" behind ${found.init}: node --run ends at SIGTERM, and the container with it; start the app itself, ${AS_IN}`
        : `"${shortened(found.command)}" makes node --run PID 1, which does not forward SIGTERM; start the app itself, ${AS_IN}`;
      return { problem, idleSeverity: 'warning' };
    },
  ),
  pid1Rule(
    {
      id: 'yarn-or-pnpm-as-pid1',
      title: 'yarn or pnpm as PID 1',
      severity: 'warning',
      judges: 'process',
      cause: 'no-graceful-shutdown',
      explanation:
        'Whether SIGTERM reaches the app, and whether the container then waits for the app, depends on the version, which a manifest does not show. An init in front (tini, dumb-init) ends when yarn or pnpm does, so it does not help. Start the app itself.',
      measured:
        'With a request of 2 s in flight, Yarn 1.22 as PID 1 exited 26 ms after SIGTERM, and pnpm 8, 9 and 10 after 50 ms; both cut the request. Yarn 4.18 and pnpm 12.21 forwarded the signal and waited.',
      fix: APP_AS_PID1,
    },
    (found) =>
      found.kind === 'yarn' || found.kind === 'pnpm'
        ? {
            problem: `"${shortened(found.command)}" ${found.init ? `behind ${found.init}` : `makes ${found.kind} PID 1`}: ${found.kind === 'yarn' ? 'Yarn 1' : 'pnpm up to 10'} ends within 50 ms of SIGTERM and cuts what the app is doing; start the app itself, ${AS_IN}`,
            idleSeverity: 'info',
          }
        : undefined,
  ),
  pid1Rule(
    {
      id: 'pm2-as-pid1',
      title: 'pm2-runtime as PID 1',
      severity: 'warning',
      judges: 'process',
      cause: 'no-graceful-shutdown',
      explanation:
        'At SIGTERM, pm2-runtime sends SIGINT to the app, and SIGKILL after its own kill timeout: 1.6 s by default (kill_timeout in the documentation of PM2), whatever the grace period is. An app that handles SIGTERM only is not told at all, and a longer request is cut. Start the app itself and let Kubernetes run several of it; or handle SIGINT and set PM2_KILL_TIMEOUT, in ms. If a file of its own configures PM2, this is an info, because the file may set the timeout.',
      measured:
        'An app that takes 4 s after SIGINT got SIGKILL from pm2-runtime 7.0.4 within 1.8 s of SIGTERM, also with --kill-timeout 6000, which pm2-runtime ignores (and pm2-runtime start refuses). With PM2_KILL_TIMEOUT=6000, or kill_timeout in its file, it ended by itself.',
      documented: '"Graceful Start/Shutdown" in the documentation of PM2.',
      fix: APP_AS_PID1,
    },
    (found, container) => {
      if (found.kind !== 'pm2' || container?.env?.some(({ name }) => name === 'PM2_KILL_TIMEOUT')) return undefined;
      const isConfigured = /\.(json|ya?ml|config\.[cm]?js)(\s|$)/.test(found.command);
      return {
        problem: `"${shortened(found.command)}": pm2-runtime sends the app SIGINT, and SIGKILL 1.6 s later unless its kill timeout is longer; start the app itself, ${AS_IN}, or set PM2_KILL_TIMEOUT`,
        ...(isConfigured && { severity: 'info' as const }),
        idleSeverity: 'info',
      };
    },
  ),
  pid1Rule(
    {
      id: 'entrypoint-script',
      title: 'a shell script as PID 1',
      severity: 'info',
      judges: 'process',
      cause: 'no-graceful-shutdown',
      explanation:
        'A start script is fine if its last line is `exec` and the app, because the app then replaces the script. Without exec the script stays PID 1 and does not forward SIGTERM. This rule cannot see what the script contains.',
      fix: `#!/bin/sh
# The last line of the script:
exec node server.js "$@"`,
    },
    (found) =>
      found.kind === 'script'
        ? {
            problem: `"${shortened(found.command)}" is PID 1: see that ${found.behind.kind === 'script' ? 'each script ends with exec: the first of the next, the last of the app' : 'its last line starts the app with exec'}`,
            idleSeverity: 'info',
          }
        : undefined,
  ),
  {
    id: 'share-process-namespace',
    title: 'containers that share one process namespace',
    severity: 'info',
    judges: 'pods',
    cause: 'no-graceful-shutdown',
    explanation:
      'With shareProcessNamespace, no app is PID 1. A process without a SIGTERM handler then dies of the signal at once. As PID 1 it would ignore the signal and keep serving until SIGKILL.',
    measured:
      'Without a handler, Node, Bun and Deno died 3 to 8 ms after SIGTERM if they were not PID 1. As PID 1, Node and Bun kept serving until SIGKILL.',
    fix: `kind: Deployment
spec:
  template:
    spec:
      shareProcessNamespace: false`,
    evaluate({ object, name }) {
      const path = ['spec', 'template', 'spec', 'shareProcessNamespace'];
      if (!object.value.spec.template.spec.shareProcessNamespace) return [];
      const message = `${name}: shareProcessNamespace: the app is not PID 1, so without a SIGTERM handler it dies from the signal immediately; handle SIGTERM, or write shareProcessNamespace: false`;
      return [{ place: { object, path }, message }];
    },
  },
];

/** What npm does depends on the shell that it runs its script by. */
function judgedNpm({ command, shell, init }: Extract<Pid1, { kind: 'npm' }>): Judged {
  const ends = init
    ? `behind ${init}: npm ends soon after SIGTERM, and ${init} and the container with it, which cuts what the app is doing`
    : 'makes npm PID 1, which ends half a second after SIGTERM and cuts what the app is doing';
  const unless =
    shell === undefined
      ? "unless the image's sh is bash or BusyBox, and the script is a single command"
      : `unless the script is a single command, by which ${shell === 'ash' ? "the image's BusyBox" : "the image's bash"} replaces itself`;
  const isSure = shell === 'dash';
  const problem = `"${shortened(command)}" ${ends}${isSure ? '' : ` (${unless})`}; start the app itself, ${AS_IN}`;
  return { problem, idleSeverity: 'warning', ...(!isSure && { severity: 'warning' }) };
}

function pid1Rule(rule: Omit<Rule, 'evaluate' | 'evaluateDockerfile'>, judge: Judge): Rule {
  const judgeBoth: Judge = (found, container) => judge(found, container) ?? throughScript(found, judge, container);
  return {
    ...rule,
    evaluate: (workload) => inManifest(workload, judgeBoth),
    evaluateDockerfile: (dockerfile) => inDockerfile(dockerfile, judgeBoth),
  };
}

/** What a start script is given as its arguments. Most run them with exec, but only the script shows it. */
function throughScript(found: Pid1, judge: Judge, container?: CheckedContainer): Judged | undefined {
  if (found.kind !== 'script' || found.behind.kind === 'script') return undefined;
  const judged = judge(found.behind, container);
  if (!judged) return undefined;
  const [script = ''] = found.command.split(' ');
  const problem = `${judged.problem} (if ${script} runs its arguments with exec)`;
  return { ...judged, problem, severity: judged.severity === 'info' ? 'info' : 'warning' };
}

function inManifest({ object, name, containers }: Workload, judge: Judge): Problem[] {
  return containers.flatMap((target): Problem[] => {
    const { container, path, serves } = target;
    const { command = [], args = [] } = container;
    const image = container.image ?? '';
    const found = pid1([...command, ...args], image);
    const judged = judge(found, container);
    const severity = serves ? judged?.severity : judged?.idleSeverity;
    if (!judged || (!serves && severity === undefined)) return [];
    const { fix } = judged;
    // args without command go to the image's ENTRYPOINT. A shell or npm among them shows that it runs them as a command.
    const isRun = command.length > 0 || found.kind !== 'script' || runsItsArguments(image);
    const problem = isRun ? judged.problem : `${judged.problem} (if the image's ENTRYPOINT runs its arguments)`;
    const message = `${name}: container "${container.name}": ${problem}`;
    const place = { object, path: [...path, command.length > 0 ? 'command' : 'args'] };
    const one: Problem = { place, message, ...(severity && { severity }) };
    if (!fix) return [one];
    const fixed = (words: string[]) => words.map((word) => (word === fix.word ? fix.instead : word));
    const change = command.includes(fix.word) ? { command: fixed(command) } : { args: fixed(args) };
    return [{ ...one, patch: containerPatch(target, change) }];
  });
}

function inDockerfile({ baseImage, entrypoint, cmd }: Dockerfile, judge: Judge): Problem[] {
  const found = (instruction: DockerfileInstruction, argv: readonly string[]): Problem[] => {
    const judged = judge(pid1(argv, baseImage));
    if (!judged) return [];
    const { problem, severity } = judged;
    return [{ place: { instruction }, message: `${instruction.keyword}: ${problem}`, ...(severity && { severity }) }];
  };
  if (entrypoint) {
    const alone = found(entrypoint, entrypoint.argv);
    // A shell ignores CMD.
    if (alone.length > 0 || entrypoint.form === 'shell') return alone;
  }
  return cmd ? found(cmd, [...(entrypoint?.argv ?? []), ...cmd.argv]) : [];
}

function shortened(text: string): string {
  const line = text
    .trim()
    .replaceAll(/\s*\n\s*/g, '; ')
    .replaceAll(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
