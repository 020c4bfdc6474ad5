import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { InputError } from '../../src/errors.ts';
import { progressDeadlineSeconds } from '../../src/kubernetes-rules/progress-deadline.ts';
import { manifestsOf, readManifests, withWorkload } from '../../src/manifests/manifests.ts';
import { manifests, manifestText, type Written } from './manifest-text.ts';

const TEXT = manifestText();
const POD = 'spec.template.spec';

describe('manifests are read from', () => {
  const table: [what: string, yaml: string, kinds: string[]][] = [
    ['several documents', TEXT, ['Deployment', 'Service']],
    ['lines that end as on Windows', TEXT.replaceAll('\n', '\r\n'), ['Deployment', 'Service']],
    ['a stream with a byte order mark', `\uFEFF${TEXT}`, ['Deployment', 'Service']],
    ['a stream with empty documents', `---\n---\n${TEXT}---\n# nothing\n---\n`, ['Deployment', 'Service']],
    ['a stream with ends of documents', `${TEXT.replaceAll('---', '...\n---')}...\n`, ['Deployment', 'Service']],
    [
      'a stream with other objects',
      manifestText({ more: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }] }),
      ['Deployment', 'Service', 'Namespace'],
    ],
    [
      'JSON, which is YAML',
      manifests()
        .objects.map((o) => JSON.stringify(o))
        .join('\n---\n'),
      ['Deployment', 'Service'],
    ],
    ['merge keys', TEXT.replace('tier: web\n', '<<: {tier: web}\n'), ['Deployment', 'Service']],
    [
      'a List',
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests().objects }),
      ['Deployment', 'Service'],
    ],
    [
      'YAML with anchors',
      TEXT.replace('selector:\n  app: shop', 'selector: &labels\n  app: shop'),
      ['Deployment', 'Service'],
    ],
  ];
  for (const [what, yaml, kinds] of table) {
    test(what, () => {
      const { objects, workload, service, source } = readManifests(yaml, 'shop.yaml');
      assert.deepEqual(
        objects.map(({ kind }) => kind),
        kinds,
      );
      assert.deepEqual([workload.metadata.name, service.metadata.name, source], ['shop', 'shop', 'shop.yaml']);
      assert.equal(workload.spec.template.spec.containers[0].ports?.[0]?.containerPort, 8080);
    });
  }

  test('unknown fields are kept', () => {
    const { workload, objects } = manifests({ deployment: { [`${POD}.dnsPolicy`]: 'None', 'spec.extra': 1 } });
    assert.equal(workload.spec.template.spec.dnsPolicy, 'None');
    assert.equal(workload.spec.extra, 1);
    assert.ok(objects.some(({ spec }) => (spec as { extra?: number }).extra === 1));
  });

  test("the API server's defaults are in the workload and the Service, not in the objects as written", () => {
    const { workload, service, objects } = manifests();
    assert.equal(workload.spec.template.spec.terminationGracePeriodSeconds, 30);
    assert.equal(service.spec.ports[0].protocol, 'TCP');
    assert.deepEqual(
      objects,
      parseAllDocuments(TEXT).map((document) => document.toJS()),
    );
  });

  test('null means absent, as it does for the API server', () => {
    const absent: Written = { deployment: { 'metadata.annotations': null, [`${POD}.containers[0].env`]: null } };
    assert.equal(manifests(absent).workload.metadata.name, 'shop');
  });
});

describe('invalid YAML is rejected with its position', () => {
  const table: [what: string, yaml: string, message: RegExp][] = [
    [
      'a number that JSON lacks',
      'a: .inf\n',
      /:1:4: not valid YAML: \.inf is not a number in JSON, which kubectl sends$/,
    ],
    ['a merge of a string', 'a: {<<: b}\n', /not valid YAML: Merge sources must be maps/],
    ['deep nesting', `${'['.repeat(600)}${']'.repeat(600)}`, /:1:1: not valid YAML: nested deeper than 500 levels$/],
    ['nesting that would overflow the stack', '['.repeat(20_000), /not valid YAML: nested deeper than 500 levels$/],
    [
      '11 MiB',
      `# ${'x'.repeat(11 * 1024 * 1024)}`,
      /^shop\.yaml: more than 10 MiB of YAML to parse: pass fewer objects/,
    ],
    ['a quarter of a million documents', '---\na\n'.repeat(250_000), /^shop\.yaml: more than 200000 documents$/],
  ];
  for (const [what, yaml, message] of table) {
    test(what, () => assert.throws(() => readManifests(yaml, 'shop.yaml'), { name: 'InputError', message }));
  }
  test('of a key that is written twice, the last value counts, as in kubectl', () => {
    const twice = TEXT.replace('replicas: 3', 'replicas: 3\n  replicas: 5');
    const { workload } = readManifests(twice, 'shop.yaml');
    assert.equal(workload.kind === 'Deployment' && workload.spec.replicas, 5);
  });
  test('two merge keys are not a duplicate key', () => {
    const merged = TEXT.replace('tier: web\n', '<<: {tier: web}\n        <<: {zone: a}\n');
    assert.equal(readManifests(merged, 'shop.yaml').workload.spec.template.metadata?.labels?.zone, 'a');
  });
});

describe('the workload is', () => {
  for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet']) {
    test(`a ${kind}`, () => {
      const { workload } = manifests({ deployment: { kind, 'spec.minReadySeconds': 4 } });
      assert.deepEqual([workload.kind, workload.spec.minReadySeconds], [kind, 4]);
    });
  }
});

describe('objects that do not come from YAML', () => {
  const { objects } = manifests();

  test('are read like YAML, and nulls count as absent', () => {
    const [deployment, service] = objects;
    const withNull = { ...deployment, metadata: { ...deployment?.metadata, annotations: null } };
    assert.deepEqual(manifestsOf([withNull, service as object], 'shop.yaml'), manifests());
  });
  test('are rejected without a line number', () => {
    const wrong = objects.map((object) => (object.kind === 'Deployment' ? { ...object, spec: {} } : object));
    assert.throws(() => manifestsOf(wrong, 'the flags'), /^InputError: the flags: Deployment "shop": spec\.selector: /);
  });
  test('get a changed workload, and the originals stay unchanged', () => {
    const before = manifests();
    const after = withWorkload(before, (written) => {
      const copy = structuredClone(written);
      copy.spec.template.spec.terminationGracePeriodSeconds = 7;
      return copy;
    });
    assert.equal(after.workload.spec.template.spec.terminationGracePeriodSeconds, 7);
    assert.deepEqual(before, manifests());
    assert.deepEqual(after.objects[1], before.objects[1]);
  });
});

describe('the longest times that the API allows are read:', () => {
  test('an int32 of progressDeadlineSeconds, an int64 of terminationGracePeriodSeconds', () => {
    const text = manifestText({
      deployment: { 'spec.progressDeadlineSeconds': 2147483647, [`${POD}.terminationGracePeriodSeconds`]: 'MAX' },
    }).replace('MAX', '9223372036854775807');
    const { workload } = readManifests(text, 'shop.yaml');
    assert.equal(workload.spec.template.spec.terminationGracePeriodSeconds, 2 ** 63);
    assert.equal(progressDeadlineSeconds(workload), Number.POSITIVE_INFINITY);
  });
  test('one second less is a deadline', () => {
    const { workload } = manifests({ deployment: { 'spec.progressDeadlineSeconds': 2147483646 } });
    assert.equal(progressDeadlineSeconds(workload), 2147483646);
    assert.equal(progressDeadlineSeconds(manifests().workload), 600);
  });
});

describe('rejected in one line that names the source and the problem', () => {
  /** An alias bomb: each level repeats the previous one ten times. */
  const bomb = Array.from({ length: 9 }, (_, level) => {
    const items =
      level === 0
        ? '[x]'
        : `[${Array(10)
            .fill(`*l${level - 1}`)
            .join(', ')}]`;
    return `l${level}: &l${level} ${items}\n`;
  });
  const config = (data: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n${data}`;
  const [deployment = '', service = ''] = TEXT.split('---\n');
  const set = (path: string, value: unknown) => manifestText({ deployment: { [path]: value } });
  const setService = (path: string, value: unknown) => manifestText({ service: { [path]: value } });

  const table: [what: string, yaml: string, message: RegExp][] = [
    ['an empty file', '', /^needs exactly one Deployment, StatefulSet or DaemonSet, has none$/],
    ['only comments', '# nothing\n---\n# here\n', /^needs exactly one .*, has none$/],
    ['no workload', service, /^needs exactly one Deployment, StatefulSet or DaemonSet, has none$/],
    [
      'a kind with the name of an inherited property',
      service.replace('kind: Service', 'kind: toString'),
      /, has none$/,
    ],
    ['no Service', deployment, /^needs exactly one Service, has 0$/],
    ['two Deployments', `${TEXT}---\n${deployment}`, /, has Deployment "shop", Deployment "shop"$/],
    [
      'a Deployment and a StatefulSet',
      `${TEXT}---\n${deployment.replace('Deployment', 'StatefulSet')}`,
      /^needs exactly one Deployment, StatefulSet or DaemonSet, has Deployment "shop", StatefulSet "shop"$/,
    ],
    ['two Services', `${TEXT}---\n${service}`, /^needs exactly one Service, has 2$/],
    ['invalid YAML', 'a: [1, 2', /^1:9: not valid YAML: /],
    ['a tab as indentation', 'a:\n\tb: 1\n', /^2:1: not valid YAML: /],
    ['an alias bomb', config(bomb.join('')), /^1:1: not valid YAML: .*alias/],
    ['an undefined alias', config('data: *nowhere\n'), /^\d:\d: not valid YAML: .*alias.*nowhere/],
    ['very deep nesting', `a: ${'['.repeat(100_000)}`, /not valid YAML: /],
    ['a template', 'a: {{ .Values.a }}\nb: {{ c }} d\n', /not valid YAML: .*Render it first/],
    ['a string', 'hello', /^1:1: not a Kubernetes object: [^:]/],
    ['a list', '- 1\n', /^1:1: not a Kubernetes object: [^:]/],
    ['an object without a kind', 'apiVersion: v1\nmetadata: {name: a}', /^1:1: not a .* object: kind is missing/],
    ['an object without a name', 'apiVersion: v1\nkind: Service', /^1:1: Service: metadata: /],
    [
      'a kind in an unsupported API version',
      set('apiVersion', 'apps/v1beta1'),
      /^1:1: Deployment "shop": apiVersion: .*"apps\/v1"/,
    ],
    ['replicas as a string', set('spec.replicas', '3'), /^6:3: Deployment "shop": spec\.replicas: .*expected number/],
    [
      'more replicas than an int32 holds',
      set('spec.replicas', 2 ** 31),
      /^6:3: .*spec\.replicas: .*2147483648 into a field of type int32/,
    ],
    [
      'half a replica',
      set('spec.replicas', 1.5),
      /^6:3: Deployment "shop": spec\.replicas: json: cannot unmarshal number 1\.5 into a field of type int32/,
    ],
    ['no template', set('spec.template', undefined), /^5:1: Deployment "shop": spec\.template: .*expected object/],
    ['no container', set(`${POD}.containers`, []), /^16:7: Deployment "shop": spec\.template\.spec\.containers: /],
    [
      'an environment variable as a number',
      set(`${POD}.containers[0].env`, [
        { name: 'A', value: 'b' },
        { name: 'PORT', value: 8080 },
      ]),
      /^\d+:\d+: Deployment "shop": spec\.template\.spec\.containers\[0\]\.env\[1\]\.value: .*expected string/,
    ],
    [
      'a preStop sleep as a string',
      set(`${POD}.containers[0].lifecycle.preStop.sleep.seconds`, '5s'),
      /containers\[0\]\.lifecycle\.preStop\.sleep\.seconds: .*expected number/,
    ],
    [
      'a limit that is neither a number nor a string',
      set('spec.strategy.rollingUpdate.maxSurge', true),
      /^\d+:\d+: Deployment "shop": spec\.strategy\.rollingUpdate\.maxSurge: Invalid input/,
    ],
    ['a label as a number', set('spec.template.metadata.labels.app', 1), /spec\.template\.metadata\.labels\.app: /],
    ['no port', setService('spec.ports', []), /^\d+:3: Service "shop": spec\.ports: /],
    [
      'a port as a string',
      setService('spec.ports[0].port', 'http'),
      /^\d+:7: Service "shop": spec\.ports\[0\]\.port: /,
    ],
  ];
  const unselected: [what: string, selector: unknown][] = [
    ['another value', { app: 'blog' }],
    ['a label that the pods lack', { app: 'shop', zone: 'a' }],
    ['nothing', {}],
    ['no selector at all', undefined],
  ];
  for (const [what, selector] of unselected) {
    const message = /^Service "shop" does not select the pods of Deployment "shop": its spec\.selector must match the /;
    table.push([`a Service that selects ${what}`, setService('spec.selector', selector), message]);
  }
  for (const [what, yaml, message] of table) {
    test(what, () => {
      assert.throws(
        () => readManifests(yaml, 'shop.yaml'),
        (error) => {
          assert.ok(error instanceof InputError, `${error}`);
          const [source, ...rest] = error.message.split(/(?<=^shop\.yaml):\s?/);
          assert.equal(source, 'shop.yaml');
          assert.doesNotMatch(error.message, /\n/);
          assert.match(rest.join(''), message);
          return true;
        },
      );
    });
  }
});
