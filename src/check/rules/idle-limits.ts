/** The rule about servers that close idle connections before their gateway does. */
import { GATEWAYS } from '../../idle-limits/gateways.ts';
import { advisedServerSeconds, keepsLonger, keepsText } from '../../idle-limits/races.ts';
import { SERVERS, type ServerLimit } from '../../idle-limits/servers.ts';
import { gatewaysOf, type NamedGateway } from '../gateways.ts';
import type { CheckedContainer } from '../objects.ts';
import type { Problem, Rule } from '../rule.ts';
import { runtimeOf } from '../runtimes.ts';
import type { Context, Workload } from '../workload.ts';

/** A name of an option or a variable that may set the server's limit. */
const SETS_LIMIT = /keep[-_]?alive|idle[-_]?timeout/i;

export const IDLE_LIMIT_RULES: readonly Rule[] = [
  {
    id: 'idle-limit-below-gateway',
    title: 'a gateway that keeps idle connections longer than the server',
    severity: 'info',
    judges: 'process',
    cause: 'keep-alive-race',
    explanation:
      "A gateway keeps connections to the server and sends later requests on them. If the server closes an idle connection sooner than the gateway does, a request is sometimes sent just as it closes, and is lost without any rollout. The rule compares the default of the runtime with the default of the gateway, if the input names both: the gateway by the class or the annotations of an Ingress, by a Gateway with an HTTPRoute, or by an IngressRoute, HTTPProxy or VirtualService; the runtime (Node or Bun) by the command or the image. What the app itself sets is not in a manifest, and some frameworks set a limit (Fastify: 72 s), so the finding is an info. The rule says nothing if an option or a variable of the container has a name like keepAliveTimeout or idleTimeout. `k8s-rollout-test conform --case idle-limit -- COMMAND` measures the server's limit, and `k8s-rollout-test explain idle-timeout` has the limits of all of them.",
    measured: `${SERVERS.map(measuredText).join(' ')}`,
    documented: `The limits of the gateways: ${GATEWAYS.map(({ name, source }) => `${name}: ${source}`).join('; ')}.`,
    fix: `# In the server, for a gateway that keeps connections for 60 s:
#   Node: server.keepAliveTimeout = 65_000
#   Bun:  Bun.serve({ idleTimeout: 65 })
# Or in the gateway, here ingress-nginx, below the server's limit:
apiVersion: v1
kind: ConfigMap
metadata:
  name: ingress-nginx-controller
data:
  upstream-keepalive-timeout: "4"`,
    evaluate: (workload, context) =>
      workload.containers
        .filter(({ serves }) => serves)
        .flatMap(({ container, path }) => {
          const message = messageFor(workload, container, context);
          return message === undefined ? [] : [{ place: { object: workload.object, path }, message } satisfies Problem];
        }),
  },
];

function measuredText({ name, version, closesAfterMs, observedMs, announcedSeconds }: ServerLimit): string {
  const what = `${name} ${version}`;
  if (closesAfterMs === undefined) return `${what} kept an idle connection for longer than ${observedMs / 1000} s.`;
  const announced = announcedSeconds === undefined ? 'without an announcement' : `and announced ${announcedSeconds} s`;
  return `${what} closed an idle connection after ${closesAfterMs / 1000} s, ${announced}.`;
}

function messageFor(workload: Workload, container: CheckedContainer, context: Context): string | undefined {
  if (setsLimit(container)) return undefined;
  // The Dockerfile is that of the first serving container.
  const isFirst = workload.containers.find(({ serves }) => serves)?.container === container;
  const runtime = runtimeOf(container, isFirst ? context.dockerfile : undefined);
  if (!runtime) return undefined;
  const { server, where } = runtime;
  const { closesAfterMs, name } = server;
  if (closesAfterMs === undefined) return undefined;
  const gateways = byLimit(gatewaysOf(context).filter(({ keepsMs }) => keepsLonger(keepsMs, closesAfterMs)));
  const [longest] = gateways;
  if (!longest) return undefined;
  const whom = gateways.map(keeps).join(', and ');
  return `${workload.name}: container "${container.name}": ${where} means ${name}, which closes an idle connection after ${closesAfterMs / 1000} s by default, but ${whom}: some requests are lost without any rollout, unless the app sets a longer limit, which this input does not show; ${advice(server, longest)}`;
}

function setsLimit({ command = [], args = [], env = [] }: CheckedContainer): boolean {
  return [...command, ...args, ...env.map(({ name }) => name)].some((word) => SETS_LIMIT.test(word));
}

/** The one that keeps connections longest comes first, and each gateway once per object. */
function byLimit(gateways: readonly NamedGateway[]): NamedGateway[] {
  const time = ({ keepsMs }: NamedGateway) => keepsMs ?? Number.POSITIVE_INFINITY;
  return gateways.toSorted((a, b) => (time(a) === time(b) ? 0 : time(b) - time(a)));
}

function keeps({ object, limit, keepsMs, isWritten }: NamedGateway): string {
  if (keepsMs === undefined) return `${limit.name} (${object}) may keep it for any time`;
  return `${limit.name} (${object}) keeps it for ${keepsText(keepsMs)}${isWritten ? '' : ' by default'}`;
}

function advice(server: ServerLimit, { keepsMs, limit }: NamedGateway): string {
  const seconds = advisedServerSeconds(keepsMs);
  if (seconds === undefined) return `set the gateway: ${limit.setting}`;
  return `set ${server.setting(seconds)}`;
}
