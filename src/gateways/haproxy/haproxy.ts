/**
 * HAProxy as haproxytech's Kubernetes Ingress Controller runs it: only ready endpoints, each in a slot of the backend that
 * the runtime API fills and empties at once, without a reload. The `defaults` section is the controller's
 * (pkg/haproxy/env/defaults.go). Its recent versions set neither `option redispatch` nor `retries`, so HAProxy makes up to
 * three more attempts to connect, all to the same server, a second apart, even if that server is in maintenance by then.
 */
import { EnvironmentError } from '../../errors.ts';
import { readyOnly } from '../endpoints.ts';
import type { GatewayFiles, GatewayKind, GatewaySettings, Upstream } from '../gateway.ts';
import { HaproxyLog } from './log.ts';

const FILE = 'haproxy.cfg';
const BACKEND = 'pods';
/** The controller's `scale-server-slots`. */
const SLOTS = 42;
/** The controller's section `defaults`, without its log. */
const DEFAULTS = ['option http-keep-alive', 'option dontlognull', 'timeout http-request 5s', 'timeout connect 5s'];
const TIMEOUTS = ['queue 5s', 'client 50s', 'server 50s', 'tunnel 1h', 'http-keep-alive 1m'];
/** The address of an empty slot. */
const NOBODY: Upstream = { host: '127.0.0.1', port: 1 };
/** Of `srv_admin_state`. Another bit says for ever that the configuration has `disabled`. */
const FORCED_MAINTENANCE = 1;
/** How an answer of the runtime API begins whose severity is error or worse. */
const REFUSED = /^\[[0-3]\]:.*/m;

export const haproxy: GatewayKind = {
  name: 'haproxy',
  title: 'HAProxy',
  program: 'haproxy',
  install: 'your package manager, or https://www.haproxy.org/#down',
  versionArguments: ['-v'],
  versionPattern: /HAProxy version (\d[\w.]*)/i,
  controller: {
    name: "haproxytech's",
    learnsBy: 'its runtime API, for each change',
    minPeriodMs: 0,
    choose: readyOnly,
  },
  unlogged: 'reused-connection-ended',
  retriesRefused: true,
  files: configuration,
  arguments: ({ folder }) => ['-db', '-f', `${folder}/${FILE}`],
  async apply(upstreams, control) {
    const slots = slotsIn(await control.command(`show servers state ${BACKEND}`));
    const answer = await control.command(['set severity-output number', ...changes(slots, upstreams)].join(';'));
    const refused = REFUSED.exec(answer)?.[0];
    if (refused !== undefined) throw new EnvironmentError(`HAProxy's runtime API: ${refused}`);
  },
  logsToFile: false,
  newLog: () => new HaproxyLog(),
  inCluster: {
    image: 'haproxy:2.8.25',
    upstream: 'service',
    command: ({ filesFolder }) => ['haproxy', '-db', '-f', `${filesFolder}/${FILE}`],
    files: (settings) => configuration(settings, [settings.service]),
    rules: [],
  },
};

/** The user's own settings are the last lines of the section `defaults`. */
function configuration(settings: GatewaySettings, upstreams: readonly Upstream[]): GatewayFiles {
  const { host, port, adminPort, fragment, retries } = settings;
  const servers = Array.from({ length: SLOTS }, (_, nth) => upstreams[nth]);
  const lines = [
    'global',
    '  log stdout format raw local0',
    // Where the limit of the system is a billion descriptors, HAProxy would reserve memory for all of them.
    '  fd-hard-limit 50000',
    `  stats socket ipv4@127.0.0.1:${adminPort} level admin`,
    'defaults',
    '  mode http',
    '  log global',
    // Only what failed, was sent again or has status 5xx: HAProxy discards lines if its reader is too slow.
    '  option dontlog-normal',
    ...[...DEFAULTS, ...TIMEOUTS.map((limit) => `timeout ${limit}`)].map((line) => `  ${line}`),
    ...retryLines(retries),
    ...(fragment === undefined ? [] : [fragment]),
    'frontend main',
    `  bind ${host}:${port}`,
    '  capture request header x-request-id len 128',
    `  log-format '${LOG_FORMAT}'`,
    // What may have reached a pod is sent again only if its method is safe.
    ...(retries ? ['  http-request disable-l7-retry unless METH_GET'] : []),
    `  default_backend ${BACKEND}`,
    `backend ${BACKEND}`,
    '  balance roundrobin',
    '  default-server check',
    ...servers.map((server, nth) => `  server SRV_${nth + 1} ${server ? addressOf(server) : '127.0.0.1:1 disabled'}`),
  ];
  return { [FILE]: `${lines.join('\n')}\n` };
}

/** One JSON object per request, at its end. */
const LOG_FORMAT = JSON.stringify({
  id: '%[capture.req.hdr(0),json(utf8s)]',
  method: '%HM',
  times: '%Ts%ms %Ti %Tw %Tc %Ta',
  status: '%ST',
  bytes: '%B',
  server: '%si:%sp',
  isFirst: '%[http_first_req]',
  end: '%ts',
  retries: '%rc',
});

/** `option redispatch 1` takes another server for each new attempt. */
function retryLines(retries: number | undefined): string[] {
  const cases = ['  option redispatch 1', '  retry-on conn-failure empty-response response-timeout'];
  return retries === undefined ? [] : [`  retries ${retries}`, ...(retries > 0 ? cases : [])];
}

interface Slot {
  server: string;
  /** Its address; undefined if it is in maintenance. */
  address: string | undefined;
}

/** Reads `show servers state`: a version, the columns' names after `# `, and one line per server. */
function slotsIn(state: string): Slot[] {
  const [, columns = [], ...lines] = state.split('\n').map((line) => line.replace(/^# /, '').split(' '));
  return lines.map((values) => {
    const value = (column: string) => values[columns.indexOf(column)] ?? '';
    const isForced = (Number(value('srv_admin_state')) & FORCED_MAINTENANCE) !== 0;
    const address = isForced ? undefined : `${value('srv_addr')}:${value('srv_port')}`;
    return { server: `${BACKEND}/${value('srv_name')}`, address };
  });
}

/** As the controller does it: the first slots that are free, or not needed any more, get the new addresses. */
function changes(slots: readonly Slot[], upstreams: readonly Upstream[]): string[] {
  const isWanted = ({ address }: Slot) => upstreams.some((upstream) => addressOf(upstream) === address);
  const added = upstreams.filter((upstream) => !slots.some(({ address }) => address === addressOf(upstream)));
  const free = slots.filter((slot) => !isWanted(slot));
  if (added.length > free.length) {
    throw new EnvironmentError(`HAProxy: ${upstreams.length} endpoints, but its backend has ${slots.length} slots`);
  }
  return free.flatMap(({ server, address }, nth) => {
    const upstream = added[nth];
    if (!upstream && address === undefined) return [];
    const { host, port } = upstream ?? NOBODY;
    return [
      `set server ${server} addr ${host} port ${port}`,
      `set server ${server} state ${upstream ? 'ready' : 'maint'}`,
    ];
  });
}

function addressOf({ host, port }: Upstream): string {
  return `${host}:${port}`;
}
