/**
 * nginx as F5's NGINX Ingress Controller runs it: only ready endpoints, in a file, followed by a reload for each change;
 * changes that come during a reload are one. The configuration follows its template (internal/configs/version1), which
 * does not mention keep-alive: nginx keeps connections to pods for 60 s by default since 1.29.7, and before that none.
 */

import { readyOnly } from '../endpoints.ts';
import type { GatewayControl, GatewayFiles, GatewayKind, GatewaySettings, Upstream } from '../gateway.ts';
import { NginxLog } from './log.ts';

const FILE = 'nginx.conf';

/** An upstream must not be empty. Without a ready pod, the controller names a server that answers everything with 502. */
const NO_SERVER = 'server 127.0.0.1:1 down;';

export const nginx: GatewayKind = {
  name: 'nginx',
  title: 'nginx',
  program: 'nginx',
  install: 'your package manager, or https://nginx.org/en/download.html',
  versionArguments: ['-v'],
  versionPattern: /nginx\/(\S+)/,
  controller: {
    name: 'NGINX Ingress Controller (F5)',
    learnsBy: 'a file and a reload for each change',
    minPeriodMs: 0,
    choose: readyOnly,
  },
  unlogged: 'never-read',
  files: localConfiguration,
  arguments: ({ folder }) => ['-p', folder, '-c', `${folder}/${FILE}`, '-e', 'stderr'],
  async apply(upstreams, control: GatewayControl) {
    control.write(localConfiguration(control.settings, upstreams));
    // It starts new workers, and tells the old ones 100 ms later to accept no more connections.
    const reloaded = control.nextLine(/\[notice\].*gracefully shutting down/);
    control.signal('SIGHUP');
    await reloaded;
  },
  logsToFile: true,
  newLog: () => new NginxLog(),
  inCluster: {
    image: 'nginx:1.31.3',
    upstream: 'service',
    command: ({ folder, filesFolder }) => ['nginx', '-p', folder, '-c', `${filesFolder}/${FILE}`, '-e', 'stderr'],
    files: (settings) => configuration(settings, [settings.service]),
    rules: [],
    newLog: ({ retries }) => new NginxLog({ retriesOnlyReused: retries === undefined }),
  },
};

/** Its reloads are in stderr. */
function localConfiguration(settings: GatewaySettings, upstreams: readonly Upstream[]): GatewayFiles {
  const user = process.getuid?.() === 0 ? ['user root;'] : [];
  return configuration(settings, upstreams, [...user, 'error_log stderr notice;']);
}

/**
 * The access log has one JSON object per request that did not go well at once; the error log names the client connection
 * of each problem (`*7`), and so does the access log. Both go to one file, so that they stay in order.
 */
function configuration(
  settings: GatewaySettings,
  upstreams: readonly Upstream[],
  more: readonly string[] = [],
): GatewayFiles {
  const { host, port, folder, requestLog, fragment, retries } = settings;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const fields = {
    id: '$http_x_request_id',
    method: '$request_method',
    at: '$msec',
    took: '$request_time',
    status: '$status',
    connection: '$connection',
    upstream: '$upstream_addr',
    statuses: '$upstream_status',
    connectTimes: '$upstream_connect_time',
    times: '$upstream_response_time',
    bytes: '$upstream_bytes_received',
  };
  const lines = [
    'daemon off;',
    ...more,
    `error_log ${requestLog} warn;`,
    `pid ${folder}/nginx.pid;`,
    'worker_processes auto;',
    'events { worker_connections 8192; }',
    'http {',
    `  log_format attempts escape=json '${JSON.stringify(fields)}';`,
    '  map "$status,$upstream_status,$request_completion" $notable { "~^[23]\\d\\d,[23]\\d\\d,OK$" 0; default 1; }',
    `  access_log ${requestLog} attempts if=$notable;`,
    ...temporary.map((name) => `  ${name}_temp_path ${folder}/${name};`),
    // As for the Services that its annotation websocket-services names.
    "  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }",
    '  upstream pods {',
    '    zone pods 256k;',
    '    random two least_conn;',
    ...(upstreams.length === 0 ? [NO_SERVER] : upstreams.map(serverLine)).map((line) => `    ${line}`),
    '  }',
    '  server {',
    `    listen ${host}:${port};`,
    '    proxy_http_version 1.1;',
    '    proxy_set_header Host $host;',
    '    proxy_set_header Upgrade $http_upgrade;',
    '    proxy_set_header Connection $connection_upgrade;',
    ...retryLines(retries),
    ...(fragment === undefined ? [] : [fragment]),
    '    location / { proxy_pass http://pods; }',
    '  }',
    '}',
  ];
  return { [FILE]: `${lines.join('\n')}\n` };
}

function serverLine({ host, port }: Upstream): string {
  return `server ${host}:${port} max_fails=1 fail_timeout=10s;`;
}

/** Without `non_idempotent`, nginx sends a POST again only if the connection failed. */
function retryLines(retries: number | undefined): string[] {
  if (retries === undefined) return [];
  if (retries === 0) return ['    proxy_next_upstream off;'];
  return ['    proxy_next_upstream error timeout;', `    proxy_next_upstream_tries ${retries + 1};`];
}
