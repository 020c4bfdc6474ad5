import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { readManifests } from '../../src/manifests/manifests.ts';
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
    [
      'YAML with anchors',
      TEXT.replace('selector:\n  app: shop', 'selector: &labels\n  app: shop'),
      ['Deployment', 'Service'],
    ],
  ];
  for (const [what, yaml, kinds] of table) {
    test(what, () => {
      const { objects, deployment, service, source } = readManifests(yaml, 'shop.yaml');
      assert.deepEqual(
        objects.map(({ kind }) => kind),
        kinds,
      );
      assert.deepEqual([deployment.metadata.name, service.metadata.name, source], ['shop', 'shop', 'shop.yaml']);
      assert.equal(deployment.spec.template.spec.containers[0]?.ports?.[0]?.containerPort, 8080);
    });
  }

  test('fields this program does not know are kept', () => {
    const { deployment, objects } = manifests({ deployment: { [`${POD}.hostNetwork`]: true } });
    assert.equal(deployment.spec.template.spec.hostNetwork, true);
    assert.deepEqual(objects[0], deployment);
  });

  test('null means absent, as for the API server', () => {
    const absent: Written = { deployment: { 'metadata.annotations': null, [`${POD}.containers[0].env`]: null } };
    assert.equal(manifests(absent).deployment.metadata.name, 'shop');
  });
});

describe('refused in one line that names the source and what is wrong', () => {
  /** Each level holds the one before ten times. */
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
    ['nothing', '', /^needs exactly one Deployment, has 0$/],
    ['only comments', '# nothing\n---\n# here\n', /^needs exactly one Deployment, has 0$/],
    ['no Deployment', service, /^needs exactly one Deployment, has 0$/],
    ['no Service', deployment, /^needs exactly one Service, has 0$/],
    ['two Deployments', `${TEXT}---\n${deployment}`, /^needs exactly one Deployment, has 2$/],
    ['two Services', `${TEXT}---\n${service}`, /^needs exactly one Service, has 2$/],
    ['no YAML', 'a: [1, 2', /^not valid YAML: .+ at line 1, column \d+/],
    ['a tab as indentation', 'a:\n\tb: 1\n', /^not valid YAML: .+ at line 2, column \d+/],
    ['a key given twice', `${TEXT.replace('replicas: 3', 'replicas: 3\n  replicas: 5')}`, /^not valid YAML: .*unique/],
    ['an alias bomb', config(bomb.join('')), /^not valid YAML: .*alias/],
    ['an alias to nothing', config('data: *nowhere\n'), /^not valid YAML: .*alias.*nowhere/],
    ['a text', 'hello', /^a document is no Kubernetes object: [^:]/],
    ['a list', '- 1\n', /^a document is no Kubernetes object: [^:]/],
    ['an object without a kind', 'apiVersion: v1\nmetadata: {name: a}', /^a document is no .* object: kind: /],
    ['an object without a name', 'apiVersion: v1\nkind: Service', /^a document is no .* object: metadata: /],
    ['a kind of another API', set('apiVersion', 'apps/v1beta1'), /^Deployment "shop": apiVersion: .*"apps\/v1"/],
    ['replicas as text', set('spec.replicas', '3'), /^Deployment "shop": spec\.replicas: .*expected number/],
    ['half a replica', set('spec.replicas', 1.5), /^Deployment "shop": spec\.replicas: .*expected int/],
    ['no template', set('spec.template', undefined), /^Deployment "shop": spec\.template: .*expected object/],
    ['no container', set(`${POD}.containers`, []), /^Deployment "shop": spec\.template\.spec\.containers: /],
    [
      'an environment variable as a number',
      set(`${POD}.containers[0].env`, [
        { name: 'A', value: 'b' },
        { name: 'PORT', value: 8080 },
      ]),
      /^Deployment "shop": spec\.template\.spec\.containers\[0\]\.env\[1\]\.value: .*expected string/,
    ],
    [
      'a preStop sleep as text',
      set(`${POD}.containers[0].lifecycle.preStop.sleep.seconds`, '5s'),
      /containers\[0\]\.lifecycle\.preStop\.sleep\.seconds: .*expected number/,
    ],
    [
      'a limit that is neither number nor text',
      set('spec.strategy.rollingUpdate.maxSurge', true),
      /^Deployment "shop": spec\.strategy\.rollingUpdate\.maxSurge: Invalid input/,
    ],
    ['a label as a number', set('spec.template.metadata.labels.app', 1), /spec\.template\.metadata\.labels\.app: /],
    ['no port', setService('spec.ports', []), /^Service "shop": spec\.ports: /],
    ['a port as text', setService('spec.ports[0].port', 'http'), /^Service "shop": spec\.ports\[0\]\.port: /],
  ];
  const unselected: [what: string, selector: unknown][] = [
    ['another value', { app: 'blog' }],
    ['a label more than the pods have', { app: 'shop', zone: 'a' }],
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
          const [source, ...rest] = error.message.split(/(?<=^shop\.yaml): /);
          assert.equal(source, 'shop.yaml');
          assert.doesNotMatch(error.message, /\n/);
          assert.match(rest.join(''), message);
          return true;
        },
      );
    });
  }
});
