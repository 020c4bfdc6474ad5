/**
 * Caddy as its Ingress Controller (caddyserver/ingress) runs it: only ready endpoints, and the whole configuration is
 * loaded again for each change. That closes the idle connections of clients and to pods, and requests in flight go on. The
 * controller sets neither retries nor health checks, so Caddy picks a pod at random and tries once.
 */
import { readyOnly } from '../endpoints.ts';
import { withFragment } from '../fragment.ts';
import type { GatewayKind, GatewaySettings, Upstream } from '../gateway.ts';
import { CaddyLog, LOGGERS } from './log.ts';

const FILE = 'caddy.json';
/** Variables for the program. It leaves an id in its data folder, which would be in the user's home. */
const ENVIRONMENT = 'environment';

export const caddy: GatewayKind = {
  name: 'caddy',
  title: 'Caddy',
  program: 'caddy',
  install: 'your package manager, or https://caddyserver.com/download',
  versionArguments: ['version'],
  versionPattern: /^v?(\d+\.\d+\.\S+)/m,
  controller: {
    name: 'Caddy Ingress Controller',
    learnsBy: 'its admin API, the whole configuration for each change',
    minPeriodMs: 0,
    choose: readyOnly,
  },
  unlogged: 'never-read',
  takesFreeConnections: true,
  files: (settings, upstreams) => ({
    [FILE]: JSON.stringify(configuration(settings, upstreams), undefined, 2),
    [ENVIRONMENT]: `XDG_DATA_HOME=${JSON.stringify(settings.folder)}\n`,
  }),
  arguments: ({ folder }) => ['run', '--config', `${folder}/${FILE}`, '--envfile', `${folder}/${ENVIRONMENT}`],
  async apply(upstreams, control) {
    await control.admin('POST', '/load', configuration(control.settings, upstreams));
  },
  logsToFile: true,
  newLog: () => new CaddyLog(),
  inCluster: {
    image: 'caddy:2.11.7',
    upstream: 'service',
    command: ({ filesFolder }) => ['caddy', 'run', '--config', `${filesFolder}/${FILE}`],
    files: (settings) => ({
      [FILE]: JSON.stringify(configuration(settings, [settings.service], { output: 'stdout' }), undefined, 2),
    }),
    environment: ({ folder }) => ({ XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }),
    // The official image's program has this capability; without it, the kernel refuses to execute the file.
    capabilities: ['NET_BIND_SERVICE'],
    rules: [],
  },
};

/** @param writer where its log about requests goes */
function configuration(
  settings: GatewaySettings,
  upstreams: readonly Upstream[],
  writer: object = { output: 'file', filename: settings.requestLog, roll: false },
): object {
  const { host, port, adminPort, folder } = settings;
  return {
    admin: { listen: `127.0.0.1:${adminPort}`, config: { persist: false } },
    storage: { module: 'file_system', root: folder },
    logging: {
      logs: {
        default: { level: 'ERROR', exclude: LOGGERS },
        requests: {
          level: 'DEBUG',
          include: LOGGERS,
          writer,
          encoder: { format: 'json' },
        },
      },
    },
    apps: {
      http: {
        servers: {
          main: {
            listen: [`${host}:${port}`],
            automatic_https: { disable: true },
            logs: {},
            routes: [{ handle: [handler(settings, upstreams)] }],
          },
        },
      },
    },
  };
}

/** The user's own settings are merged into the handler `reverse_proxy`. */
function handler({ fragment, retries }: GatewaySettings, upstreams: readonly Upstream[]): unknown {
  return withFragment(
    {
      handler: 'reverse_proxy',
      upstreams: upstreams.map(({ host, port }) => ({ dial: `${host}:${port}` })),
      // Caddy sends a POST again only if the connection failed. It may pick the same pod again.
      ...(retries && { load_balancing: { retries } }),
    },
    fragment,
  );
}
