/** How the flags of `run` become the service that it measures. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { stringify } from 'yaml';
import { InputError } from '../../src/errors.ts';
import type { InstalledGateway } from '../../src/gateways/way.ts';
import { requestScenarios, totalRate } from '../../src/load/request-mix.ts';
import { parseContainerCommand } from '../../src/own-service/command.ts';
import { deploymentFromSettings } from '../../src/own-service/deployment.ts';
import { type LocalService, planRollouts } from '../../src/own-service/plan.ts';
import { localService, type ServiceFlags } from '../../src/own-service/service.ts';
import { parseVolumeFolder } from '../../src/own-service/volumes.ts';
import { canBePid1 } from '../../src/processes/container-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'own-service-'));
after(() => rmSync(folder, { recursive: true }));

const service = (command: string[], flags: Partial<ServiceFlags> = {}) => localService(command, { exec: [], ...flags });

function deploymentOf({ manifests: { workload } }: LocalService) {
  assert.ok(workload.kind === 'Deployment');
  return workload;
}

/** A manifest whose container has this command; returns its file. */
function manifest(name: string, container: object, pod: object = {}): string {
  const { service: object, workload } = deploymentFromSettings({});
  const [first] = workload.spec.template.spec.containers;
  Object.assign(workload.spec.template.spec, { containers: [{ ...first, name: 'app', ...container }], ...pod });
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, [object, workload].map((part) => stringify(part)).join('---\n'));
  return file;
}

function emptyFolder(): string {
  return mkdtempSync(join(folder, 'empty-'));
}

/** One whose container mounts the volume `config`; returns its file. */
function mounting(name: string): string {
  const volumeMounts = [{ name: 'config', mountPath: '/config' }];
  return manifest(
    name,
    { command: ['node', 'server.js'], volumeMounts },
    { volumes: [{ name: 'config', emptyDir: {} }] },
  );
}

async function refusal(command: string[], flags: Partial<ServiceFlags> = {}): Promise<string> {
  try {
    await service(command, flags);
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    return error.message;
  }
  assert.fail('it was accepted');
}

describe('the deployment', () => {
  test("of a command alone is Kubernetes' default with three replicas, ready when the port accepts", async () => {
    const { spec } = deploymentOf(await service(['node', 'x.js']));
    assert.deepEqual([spec.replicas, spec.template.spec.terminationGracePeriodSeconds], [3, 30]);
    const [container] = spec.template.spec.containers;
    const { tcpSocket, periodSeconds } = container.readinessProbe ?? {};
    assert.deepEqual([tcpSocket, periodSeconds], [{ port: 'http' }, 1]);
    assert.equal(container.lifecycle, undefined);
  });
  test('has what the flags say', async () => {
    const flags = {
      replicas: 2,
      graceSeconds: 9,
      preStopSeconds: 4,
      maxSurge: '50%',
      maxUnavailable: 0,
      readyPath: '/r',
    };
    const { spec } = deploymentOf(await service(['node'], flags));
    assert.equal(spec.replicas, 2);
    assert.deepEqual(spec.strategy.rollingUpdate, { maxSurge: '50%', maxUnavailable: 0 });
    assert.equal(spec.template.spec.terminationGracePeriodSeconds, 9);
    const [container] = spec.template.spec.containers;
    assert.deepEqual(container.lifecycle, { preStop: { sleep: { seconds: 4 } } });
    assert.deepEqual(container.readinessProbe?.httpGet, { path: '/r', port: 'http', scheme: 'HTTP' });
  });
});

describe('the command', () => {
  test('is the text after --', async () =>
    assert.deepEqual((await service(['node', 'x.js', '--port=1'])).images.app?.command, ['node', 'x.js', '--port=1']));
  test("is the manifest's own if its program is on this machine", async () => {
    const file = manifest('own-command', { command: ['node', 'server.js'], args: ['--fast'] });
    assert.deepEqual((await service([], { file: [file] })).images.app?.command, ['node', 'server.js', '--fast']);
  });
  test('is the one that --exec gives for the container', async () => {
    const exec = [parseContainerCommand('app=node "my server.js" --x=1')];
    const file = manifest('replaced', { command: ['/app/start'] });
    assert.deepEqual((await service([], { file: [file], exec })).images.app?.command, [
      'node',
      'my server.js',
      '--x=1',
    ]);
  });
  test("is the runtime's for this project's own overlays, which need no kubectl and bring their own requests", async () => {
    const { images, requestMix } = await service([], { kustomize: 'kustomize/overlays/broken-bun' });
    assert.match(Object.values(images)[0]?.command.join(' ') ?? '', /bun .*dist\/bun\/server\.js$/);
    assert.deepEqual(
      requestMix.scenarios.map(({ name }) => name),
      ['keep-alive', 'fresh', 'slow'],
    );
  });

  test('of a container that the Service does not send to is only the one that --exec gives', async () => {
    const command = ['sh', '-c', 'true'];
    const initContainers = [
      { name: 'migrate', command },
      { name: 'wait', command },
      { name: 'mesh', command, restartPolicy: 'Always' },
      { name: 'proxy', command, restartPolicy: 'Always' },
    ];
    const exec = ['migrate=node migrate.js', 'proxy=node proxy.js'].map(parseContainerCommand);
    const file = [manifest('with-init', { command: ['node', 'server.js'] }, { initContainers })];
    const { images } = await service([], { file, exec });
    assert.deepEqual(
      Object.entries(images).map(([name, { command, standIn }]) => [name, standIn ? 'stand-in' : command.join(' ')]),
      [
        ['app', 'node server.js'],
        ['migrate', 'node migrate.js'],
        ['wait', 'stand-in'],
        ['mesh', 'stand-in'],
        ['proxy', 'node proxy.js'],
      ],
    );
  });

  test('the command after -- is for the container that serves', async () => {
    const { images } = await service(['node', 'server.js'], { file: [manifest('after', { command: ['/app/start'] })] });
    assert.deepEqual(images.app?.command, ['node', 'server.js']);
  });

  const bad: [what: string, message: RegExp, command: string[], flags?: () => Partial<ServiceFlags>][] = [
    ['no command', /^run: nothing to run: give a command after --/, []],
    ['a missing program', /^run: there is no program "no-such-server" on this machine$/, ['no-such-server']],
    ['a file that is not executable', /^run: there is no program/, [join(folder, 'text')]],
    [
      'two commands for the container that serves',
      /^--exec app: this container serves, so the command after -- is for it$/,
      ['node', 'server.js'],
      () => ({ file: [manifest('both', {})], exec: [parseContainerCommand('app=node')] }),
    ],
    [
      'a missing program for the container that serves',
      /^run: there is no program "no-such-server" on this machine$/,
      ['no-such-server'],
      () => ({ file: [manifest('missing', {})] }),
    ],
    [
      'an image without a command',
      /container "app" has no command.*--exec app="COMMAND"$/,
      [],
      () => ({ file: [manifest('bare', { image: 'x' })] }),
    ],
    [
      "a container's command that is missing",
      /runs \/app\/start, which is not on this machine/,
      [],
      () => ({ file: [manifest('far', { command: ['/app/start'] })] }),
    ],
    [
      'a command for an unknown container',
      /^--exec web: .* has no such container; it has app$/,
      [],
      () => ({ file: [manifest('named', {})], exec: [parseContainerCommand('web=node')] }),
    ],
    [
      '--exec without a manifest',
      /^--exec: needs a manifest/,
      ['node'],
      () => ({ exec: [parseContainerCommand('app=node')] }),
    ],
    [
      'a folder without manifests',
      /: has no file that ends with \.json, \.yaml, \.yml; /,
      [],
      () => ({ file: [emptyFolder()] }),
    ],
    [
      'a folder for a volume that nothing mounts',
      /^--mount cache: no container of .* mounts such a volume; they mount config$/,
      [],
      () => ({ file: [mounting('other-volume')], mount: [parseVolumeFolder(`cache=${folder}`)] }),
    ],
    [
      'a missing folder for a volume',
      /^--mount config: there is no \/nowhere on this machine$/,
      [],
      () => ({ file: [mounting('no-folder')], mount: [parseVolumeFolder('config=/nowhere')] }),
    ],
    [
      '--mount without a manifest',
      /^--mount: needs a manifest/,
      ['node'],
      () => ({ mount: [parseVolumeFolder('a=/')] }),
    ],
    [
      'a binary file',
      /binary\.yaml:2: not a text file: it contains a NUL byte$/,
      [],
      () => {
        writeFileSync(join(folder, 'binary.yaml'), 'a: b\nc\0');
        return { file: [join(folder, 'binary.yaml')] };
      },
    ],
    ['a folder without a kustomization', /: not a kustomization: it has no /, [], () => ({ kustomize: folder })],
    ['a missing file', /nowhere\.yaml: no such file$/, [], () => ({ file: [join(folder, 'nowhere.yaml')] })],
  ];
  writeFileSync(join(folder, 'text'), 'hello');
  chmodSync(join(folder, 'text'), 0o644);
  for (const [what, message, command, flags] of bad) {
    test(`${what} is refused in one line`, async () => assert.match(await refusal(command, flags?.()), message));
  }
  for (const text of ['app', '=node', 'app=', ' =x']) {
    test(`--exec "${text}" is refused`, () =>
      assert.throws(() => parseContainerCommand(text), /must be CONTAINER=COMMAND/));
  }
});

describe('the folder of a volume', { skip: !canBePid1() && 'there are no mount namespaces here' }, () => {
  test('is an absolute path, whatever the text', async () => {
    const { volumes } = await service([], { file: [mounting('mounted')], mount: [parseVolumeFolder('config=.')] });
    assert.deepEqual(volumes, { config: process.cwd() });
  });
  for (const text of ['config', '=dir', 'config=']) {
    test(`--mount "${text}" is refused`, () => assert.throws(() => parseVolumeFolder(text), /must be VOLUME=DIR/));
  }
});

describe('the requests', () => {
  const scenarios = async (flags: Partial<ServiceFlags> = {}) =>
    requestScenarios((await service(['node'], flags)).requestMix).map(
      ({ name, method, path, ratePerSecond }) => `${name} ${method} ${path} ${ratePerSecond}`,
    );
  const cases: [what: string, flags: Partial<ServiceFlags>, requests: string[]][] = [
    ['are GET / on both kinds of connection', {}, ['keep-alive GET / 100', 'fresh GET / 100']],
    ['share the rate', { ratePerSecond: 50, scenarios: ['fresh'] }, ['fresh GET / 50']],
    ['are POST with a body', { body: 'x', path: '/a?b=1', scenarios: ['keep-alive'] }, ['keep-alive POST /a?b=1 200']],
    ['have the given method', { method: 'PUT', body: 'x', scenarios: ['fresh'] }, ['fresh PUT / 200']],
  ];
  for (const [what, flags, requests] of cases) {
    test(what, async () => assert.deepEqual(await scenarios(flags), requests));
  }
  test('cannot have a path that would break the request', async () => {
    assert.match(await refusal(['node'], { path: '/a b' }), /must be percent-encoded$/);
    assert.match(await refusal(['node'], { path: '/a\r\nx: y' }), /must be percent-encoded$/);
  });
  test('come from a file, at its own rate or at another', async () => {
    const rate = async (flags: Partial<ServiceFlags>) =>
      totalRate((await service(['node'], { workload: 'workload.json', ...flags })).requestMix);
    assert.equal(await rate({}), 420);
    assert.equal(Math.round(await rate({ ratePerSecond: 42 })), 42);
  });
});

test('a control and the rollouts are planned, each with its own seed derived from the given one', async () => {
  const plans = planRollouts(await service(['node']), 2, { run: 'run-1', seed: 7 });
  assert.deepEqual(
    plans.map(({ control, identity }) => [
      control,
      identity.runtime,
      identity.variant,
      identity.repeat,
      identity.server,
    ]),
    [
      [true, 'own', 'control', 0, 'node'],
      [false, 'own', 'own', 0, 'node'],
      [false, 'own', 'own', 1, 'node'],
    ],
  );
  assert.equal(new Set(plans.map(({ identity }) => identity.seed)).size, 3);
  assert.deepEqual(planRollouts(await service(['node']), 2, { run: 'run-1', seed: 7 }), plans);
});

test('--pauses adds one control with pauses behind each gateway, and no other trial changes', async () => {
  const gateway = { name: 'nginx', upstream: 'pods', binary: '/nginx', version: '1' } as InstalledGateway;
  const [of, origin, ways] = [await service(['node']), { run: 'run-1', seed: 7 }, [undefined, gateway]];
  const without = planRollouts(of, 1, origin, { ways });
  const withPauses = planRollouts(of, 1, origin, { ways, pauses: true });
  const added = withPauses.filter(({ pauses }) => pauses);
  assert.deepEqual(
    added.map(({ identity: { variant, through }, control }) => [variant, through, control]),
    [['pauses', 'nginx', true]],
  );
  assert.deepEqual(
    withPauses.filter(({ pauses }) => !pauses),
    without,
  );
});

describe('an input without a Service for the pods', () => {
  const input = (name: string, pod: object) => {
    const { workload } = deploymentFromSettings({});
    Object.assign(workload.spec.template.spec, pod);
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, stringify(workload));
    return file;
  };

  test('says which fields would be refused next', async () => {
    const file = input('no-service-and-host', { hostPID: true });
    await assert.rejects(service([], { file: [file] }), (error: InputError) => {
      assert.match(error.message, /no Service selects the pods.*Then this field would be in the way:$/);
      assert.equal(error.details.length, 1);
      assert.match(error.details[0] ?? '', /--assume hostPID$/);
      return true;
    });
  });

  test('is one line if nothing else is in the way', async () => {
    const file = input('no-service', {});
    await assert.rejects(service([], { file: [file] }), (error: InputError) => {
      assert.match(error.message, /no Service selects the pods.*--assume Service(=PORT)?$/);
      assert.deepEqual(error.details, []);
      return true;
    });
  });
});
