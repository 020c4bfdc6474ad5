/** Pods with several containers, each a real process: their network, their order, their hooks and their volumes. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { LocalCluster } from '../../src/clusters/local/local-cluster.ts';
import type { LocalClusterOptions, LocalImage } from '../../src/clusters/local/pod-spec.ts';
import { manifestsOf } from '../../src/manifests/manifests.ts';
import { canBePid1 } from '../../src/processes/container-process.ts';
import { startClock } from '../../src/trace/clock.ts';
import type { ClusterRecord, ContainerRecord } from '../../src/trace/cluster-record.ts';
import { PROMPT_TIMINGS } from './rollout.ts';

const skip = !canBePid1() && 'pods have no networks of their own here';
const READY = { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 };

/** One pod with this specification, behind a Service for port 8080. */
function manifests(spec: object, ...more: object[]) {
  const labels = { app: 'web' };
  const service = { selector: labels, ports: [{ port: 80, targetPort: 8080 }] };
  const deployment = {
    replicas: 1,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 5, ...spec } },
  };
  const object = (apiVersion: string, kind: string, fields: object) => ({
    apiVersion,
    kind,
    metadata: { name: 'web' },
    spec: fields,
  });
  return manifestsOf([object('v1', 'Service', service), object('apps/v1', 'Deployment', deployment), ...more], 'test');
}

const node = (script: string): LocalImage => ({ command: [process.execPath, '-e', script] });
const STAND_IN: LocalImage = {
  command: ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 60 & wait; done'],
  standIn: true,
};
const EXIT = `process.on('SIGTERM', () => process.exit(0));`;
const serve = (port: number | string, answer: string) =>
  `require('node:http').createServer((req, res) => { ${answer} }).listen(${port});`;

async function deploy(
  t: TestContext,
  spec: object,
  images: Record<string, LocalImage>,
  {
    more = [],
    limitMs = 60_000,
    ...options
  }: Partial<LocalClusterOptions> & { more?: object[]; limitMs?: number } = {},
) {
  const cluster = new LocalCluster({ images, seed: 1, timings: PROMPT_TIMINGS, ...options });
  const deployed = await cluster.deploy({
    manifests: manifests(spec, ...more),
    clock: startClock(),
    signal: AbortSignal.timeout(limitMs),
  });
  t.after(() => deployed.remove());
  return deployed;
}

type Deployed = Awaited<ReturnType<typeof deploy>>;

/** The answer of the first endpoint. A readiness probe with a command may succeed before the server listens. */
async function answerOf({ target }: Deployed, path = '/'): Promise<string> {
  assert.ok(target.kind === 'routes');
  const [endpoint] = target.current().routers[0]?.endpoints ?? [];
  assert.ok(endpoint);
  const url = `http://${endpoint.host}:${endpoint.port}${path}`;
  for (;;) {
    const response = await fetch(url).catch((error: Error) => error);
    if (!(response instanceof Error)) return response.text();
    if ((response.cause as NodeJS.ErrnoException | undefined)?.code !== 'ECONNREFUSED') throw response;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The containers of the replaced pod, by name. */
function replaced({ pods }: ClusterRecord): Record<string, ContainerRecord & { deletedMs: number; endedMs: number }> {
  const old = pods.find(({ generation }) => generation === 'old');
  return Object.fromEntries(
    (old?.containers ?? []).map((container) => [
      container.name,
      { ...container, deletedMs: old?.deletionMs ?? 0, endedMs: container.runs.at(-1)?.endedMs ?? 0 },
    ]),
  );
}

const eventsOf = ({ events }: ClusterRecord, wanted: string) =>
  events.filter(({ type }) => type === wanted).map(({ message }) => message);

describe('a pod with several commands', { skip, concurrency: true }, () => {
  test('has one network: a proxy finds the app on localhost, and a hook that asks a stopping container fails', async (t) => {
    const app = {
      name: 'app',
      ports: [{ containerPort: 3000 }],
      env: [{ name: 'PORT', value: '3000' }],
      readinessProbe: { tcpSocket: { port: 3000 }, periodSeconds: 1 },
      lifecycle: { preStop: { httpGet: { port: 15020, path: '/quit' } } },
    };
    const proxy = {
      name: 'proxy',
      ports: [{ containerPort: 8080 }, { containerPort: 15020 }],
      readinessProbe: { httpGet: { path: '/ready', port: 15020 }, periodSeconds: 1 },
    };
    const forward = `fetch('http://localhost:3000' + req.url).then(async (answer) => res.end('via proxy ' + await answer.text()))`;
    const images = {
      app: node(serve('process.env.PORT', 'res.end(process.env.HOSTNAME)') + EXIT),
      proxy: node(serve(8080, forward) + serve(15020, `if (req.url === '/ready') res.end()`) + EXIT),
    };
    const deployed = await deploy(t, { containers: [app, proxy] }, images);
    assert.equal(await answerOf(deployed), 'via proxy web-old-1');
    await deployed.disrupt();
    const record = deployed.record();
    assert.equal(record.sharedNetwork, undefined);
    const { app: stopped, proxy: proxied } = replaced(record);
    assert.equal(proxied?.serves, true);
    const afterMs = (proxied?.stopSignalMs ?? 0) - (proxied?.deletedMs ?? 0);
    assert.ok(afterMs < 300, `the proxy got its signal ${afterMs} ms after the deletion`);
    assert.deepEqual(
      [stopped?.hook?.outcome, stopped?.hook?.what, stopped?.hook?.asks],
      ['failed', ':15020/quit', 'proxy'],
    );
    assert.match(
      eventsOf(record, 'FailedPreStopHook')[0] ?? '',
      /^httpGet :15020\/quit: (ECONNRESET|ECONNREFUSED|socket hang up)/,
    );
  });

  test('is not ready while nothing listens on the port of a tcpSocket probe', async (t) => {
    const slow = { name: 'slow', readinessProbe: { tcpSocket: { port: 9000 }, periodSeconds: 1 } };
    const containers = [{ name: 'app', ports: [{ containerPort: 8080 }], readinessProbe: READY }, slow];
    const images = { app: node(serve(8080, 'res.end()') + EXIT), slow: node(`setInterval(() => {}, 1000);${EXIT}`) };
    await assert.rejects(deploy(t, { containers }, images, { limitMs: 3000 }), /TimeoutError/);
  });
});

test('a pod with one command listens on the ports of the manifest if its probes need them', { skip }, async (t) => {
  const get = (port: number) =>
    `require('node:http').get('http://localhost:${port}', ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1))`;
  const app = {
    name: 'app',
    ports: [{ containerPort: 8080 }],
    startupProbe: { exec: { command: [process.execPath, '-e', get(8080)] }, periodSeconds: 1, timeoutSeconds: 5 },
    readinessProbe: { httpGet: { path: '/', port: 9090 }, periodSeconds: 1 },
  };
  const images = {
    app: node(serve('process.env.PORT', 'res.end(process.env.PORT)') + serve(9090, 'res.end()') + EXIT),
  };
  const deployed = await deploy(t, { containers: [app] }, images);
  assert.equal(await answerOf(deployed), '8080');
});

describe('init containers and native sidecars', { skip, concurrency: true }, () => {
  test('start in order, and a sidecar outlasts the app, all in one grace period', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'init-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const note = (line: string) => `require('node:fs').appendFileSync('${join(folder, 'order')}', '${line}\\n');`;
    const initContainers = [
      { name: 'migrate' },
      { name: 'skipped' },
      {
        name: 'proxy',
        restartPolicy: 'Always',
        startupProbe: { tcpSocket: { port: 9000 }, periodSeconds: 1 },
      },
      { name: 'late', restartPolicy: 'Always' },
    ];
    const containers = [{ name: 'app', ports: [{ containerPort: 8080 }], readinessProbe: READY }];
    const images = {
      migrate: node(note('migrate')),
      skipped: STAND_IN,
      // Its startup probe passes only after 300 ms.
      proxy: node(`setTimeout(() => { ${note('proxy')} ${serve(9000, 'res.end()')} }, 300); ${EXIT}`),
      late: STAND_IN,
      app: node(
        `${note('app')} ${serve(8080, 'res.end()')} process.on('SIGTERM', () => setTimeout(() => process.exit(0), 1200));`,
      ),
    };
    const deployed = await deploy(t, { initContainers, containers }, images);
    assert.equal(readFileSync(join(folder, 'order'), 'utf8'), 'migrate\nproxy\napp\n');
    await deployed.disrupt();
    const { app, proxy, late, migrate, skipped } = replaced(deployed.record());
    assert.ok(app && proxy && late && migrate && skipped);
    assert.deepEqual(
      [migrate, skipped, proxy, late, app].map(({ name, role, standIn, runs }) => [name, role, standIn, runs.length]),
      [
        ['migrate', 'init', undefined, 1],
        ['skipped', 'init', true, 0],
        ['proxy', 'sidecar', undefined, 1],
        ['late', 'sidecar', true, 1],
        ['app', undefined, undefined, 1],
      ],
    );
    assert.ok((late.stopSignalMs ?? 0) >= app.endedMs, 'the last sidecar waits for the app');
    assert.ok((proxy.stopSignalMs ?? 0) >= late.endedMs, 'the first sidecar waits for the last one');
    assert.ok(app.endedMs - app.deletedMs > 1000);
  });

  test('a hook that asks a native sidecar gets its answer, because the sidecar is stopped after the app', async (t) => {
    const proxy = { name: 'proxy', restartPolicy: 'Always', ports: [{ name: 'admin', containerPort: 9000 }] };
    const app = {
      name: 'app',
      ports: [{ containerPort: 8080 }],
      readinessProbe: READY,
      lifecycle: { preStop: { httpGet: { port: 9000, path: '/drained' } } },
    };
    const images = {
      proxy: node(serve(9000, 'setTimeout(() => res.end(), 500)') + EXIT),
      app: node(serve(8080, 'res.end()') + EXIT),
    };
    const deployed = await deploy(t, { initContainers: [proxy], containers: [app] }, images);
    await deployed.disrupt();
    const { app: asking, proxy: asked } = replaced(deployed.record());
    assert.equal(asking?.hook?.outcome, 'succeeded');
    assert.ok((asking?.stopSignalMs ?? 0) - (asking?.deletedMs ?? 0) >= 500);
    assert.ok((asked?.stopSignalMs ?? 0) >= (asking?.endedMs ?? Number.POSITIVE_INFINITY));
  });

  test('a sidecar gets its signal at the end of the grace period at the latest, and then has 2 s', async (t) => {
    const initContainers = [{ name: 'proxy', restartPolicy: 'Always' }];
    const containers = [{ name: 'app', ports: [{ containerPort: 8080 }], readinessProbe: READY }];
    const ignore = `process.on('SIGTERM', () => {});`;
    const images = {
      proxy: node(`setInterval(() => {}, 1000); ${ignore}`),
      app: node(serve(8080, 'res.end()') + ignore),
    };
    const deployed = await deploy(t, { terminationGracePeriodSeconds: 1, initContainers, containers }, images);
    await deployed.disrupt();
    const { app, proxy } = replaced(deployed.record());
    const seconds = (ms = 0) => Math.round((ms - (app?.deletedMs ?? 0)) / 1000);
    assert.deepEqual([seconds(app?.sigkillMs), seconds(proxy?.stopSignalMs), seconds(proxy?.sigkillMs)], [2, 1, 3]);
  });

  test('an init container that fails again and again is named', async (t) => {
    const containers = [{ name: 'app', ports: [{ containerPort: 8080 }] }];
    const images = {
      app: node(serve(8080, 'res.end()')),
      migrate: node(`console.error('no database'); process.exit(3)`),
    };
    await assert.rejects(
      deploy(t, { initContainers: [{ name: 'migrate' }], containers }, images),
      /test: pod web-old-1 fails to start: container migrate exited \(3\): no database$/,
    );
  });
});

test('a postStart hook runs before the next container starts, and a failing one restarts its container', {
  skip,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'post-start-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const command = ['sh', '-c', `sleep 0.3; echo hook >> ${join(folder, 'order')}`];
  const proxy = { name: 'proxy', lifecycle: { postStart: { exec: { command } } } };
  const app = { name: 'app', ports: [{ containerPort: 8080 }], readinessProbe: READY };
  const noted = `require('node:fs').appendFileSync('${join(folder, 'order')}', 'app\\n');`;
  const images = {
    proxy: node(`setInterval(() => {}, 1000); ${EXIT}`),
    app: node(noted + serve(8080, 'res.end()') + EXIT),
  };
  await deploy(t, { containers: [proxy, app] }, images);
  assert.equal(readFileSync(join(folder, 'order'), 'utf8'), 'hook\napp\n');
  const failing = { ...proxy, lifecycle: { postStart: { exec: { command: ['sh', '-c', 'sleep 0.5; exit 4'] } } } };
  await assert.rejects(
    deploy(t, { containers: [failing, { ...app, readinessProbe: undefined }] }, images),
    /container proxy exited \((0|SIGKILL)\): exec sh -c sleep 0\.5; exit 4: exit code 4$/,
  );
});

test('a folder stands for a volume, at paths that exist here and at those that do not', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'volume-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'settings'), 'from the volume');
  const before = [readdirSync('/'), readdirSync('/etc')];
  const mount = (mountPath: string, more = {}) => ({ name: 'config', mountPath, ...more });
  const app = {
    name: 'app',
    ports: [{ containerPort: 8080 }],
    readinessProbe: { exec: { command: ['cat', '/not-here/settings'] }, periodSeconds: 1 },
    workingDir: '/not-here',
    volumeMounts: [
      mount('/not-here/'),
      mount('/opt', { readOnly: true }),
      mount('/etc/not-here/file', { subPath: 'settings' }),
    ],
  };
  const read = `const { readFileSync: read, writeFileSync: write } = require('node:fs');
    const files = ['settings', '/opt/settings', '/etc/not-here/file'].map((file) => read(file, 'utf8'));
    write('written', process.cwd());
    let denied = ''; try { write('/opt/x', ''); } catch (error) { denied = error.code; }`;
  const port = 'process.env.PORT, process.env.HOST';
  const images = {
    app: node(`${read} ${serve(port, `res.end([...files, denied, read('/etc/passwd').length > 0].join())`)} ${EXIT}`),
  };
  const deployed = await deploy(t, { volumes: [{ name: 'config', emptyDir: {} }], containers: [app] }, images, {
    volumes: { config: folder },
  });
  assert.equal(await answerOf(deployed), 'from the volume,from the volume,from the volume,EROFS,true');
  assert.equal(readFileSync(join(folder, 'written'), 'utf8'), '/not-here');
  await deployed.remove();
  assert.deepEqual([readdirSync('/'), readdirSync('/etc')], before, 'nothing was created here');
});

test('variables come from the ConfigMaps of the input, and a key that is missing is named before anything starts', {
  skip,
}, async (t) => {
  const app = (envFrom: object[]) => ({ containers: [{ name: 'app', ports: [{ containerPort: 8080 }], envFrom }] });
  const images = { app: node(serve('process.env.PORT, process.env.HOST', 'res.end(process.env.GREETING)') + EXIT) };
  const more = [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'words' }, data: { GREETING: 'hello' } }];
  const deployed = await deploy(t, app([{ configMapRef: { name: 'words' } }]), images, { more });
  const said = async (): Promise<string> => answerOf(deployed).catch(() => said()); // no probe: it may not listen yet
  assert.equal(await said(), 'hello');
  const env = [{ name: 'NO', valueFrom: { configMapKeyRef: { name: 'words', key: 'NO' } } }];
  const missing = { containers: [{ name: 'app', ports: [{ containerPort: 8080 }], env }] };
  await assert.rejects(
    deploy(t, missing, images, { more }),
    /^InputError: test: Deployment "web": container "app": env NO: ConfigMap "words" has no key "NO" \(its pods would not start/,
  );
});
