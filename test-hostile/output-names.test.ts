/** Manifests with hostile names, values and file names, in every output format of `check`. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { parseDocument } from 'yaml';
import { ALL_NASTY, LOG_COMMAND, NASTY, UNSEEN } from './nasty.ts';
import { held } from './program.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'hostile-names-'));
after(() => rmSync(FOLDER, { recursive: true, force: true }));

/** A Deployment with findings of all kinds, and its Service. The text is in every place that may contain text. */
function manifest(text: string): object[] {
  const labels = { [text]: text, app: text };
  const container = {
    name: text,
    image: `registry/${text}`,
    command: ['sh', '-c', text],
    ports: [{ containerPort: 80, name: text }],
    lifecycle: { preStop: { exec: { command: [text] } } },
    env: [{ name: text, value: text }],
  };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: text, namespace: text, labels, annotations: { [text]: text } },
      spec: {
        replicas: 1,
        strategy: { type: 'Recreate' },
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: text, namespace: text },
      spec: { selector: labels, ports: [{ port: 80 }] },
    },
  ];
}

function written(name: string, texts: readonly string[]): string {
  const documents = texts.flatMap(manifest).map((object) => JSON.stringify(object));
  writeFileSync(join(FOLDER, name), documents.join('\n---\n'));
  return name;
}

/** Names that a file can have: all except long ones and those with a slash. */
const FILE_NAMES = ALL_NASTY.filter((text) => text.length < 200 && !/[/\\\0]/.test(text)).filter((text) =>
  text.isWellFormed(),
);

describe('nasty names', { concurrency: 2 }, () => {
  const file = written(
    'all.yaml',
    ALL_NASTY.filter((text) => text.length < 1000),
  );
  const check = (...args: string[]) => ['check', '-f', file, ...args];
  const options = { codes: [1], cwd: FOLDER };

  it('as text', async (t) => {
    const { stdout } = await held(t, check('--all'), options);
    assert.doesNotMatch(stdout, UNSEEN);
    assert.doesNotMatch(stdout, LOG_COMMAND);
    const patches = [...stdout.matchAll(/(?<=^Patch for .*:\n)(?: {4}.*\n?)+/gm)].map(([patch]) =>
      parseDocument(patch),
    );
    assert.ok(patches.length > 20);
    assert.deepEqual(
      patches.flatMap(({ errors }) => errors),
      [],
    );
    const names = patches.map((patch) => patch.toJS().metadata.name);
    for (const name of NASTY['commands GitHub'] ?? []) assert.ok(names.includes(name), `a patch for ${name}`);
  });

  it('as JSON and as SARIF, whose values are the names', async (t) => {
    const json = await held(t, check('--json'), { ...options, longLines: true });
    const sarif = await held(t, check('--format', 'sarif'), { ...options, longLines: true });
    for (const { stdout } of [json, sarif]) {
      assert.doesNotMatch(stdout, UNSEEN);
      assert.doesNotMatch(stdout, LOG_COMMAND);
      JSON.parse(stdout, (_key, value) => {
        assert.ok(typeof value !== 'string' || value.isWellFormed(), 'half a surrogate pair');
        return value;
      });
    }
    const names = JSON.parse(json.stdout).findings.map((finding: { object: { name: string } }) => finding.object.name);
    for (const name of NASTY['commands a terminal'] ?? []) assert.ok(names.includes(name), JSON.stringify(name));
  });

  it('as annotations of GitHub', async (t) => {
    const { stdout } = await held(t, check('--format', 'github'), options);
    assert.doesNotMatch(stdout, UNSEEN);
    for (const line of stdout.trimEnd().split('\n')) {
      if (line.startsWith('::')) assert.match(line, /^::(error|warning|notice) [^:]*::(?!.*::stop-commands)/);
      else assert.doesNotMatch(line, LOG_COMMAND);
    }
  });

  it('that are too long', async (t) => {
    written('long.yaml', NASTY['is too long'] ?? []);
    for (const format of ['text', 'github']) {
      await held(t, ['check', '-f', 'long.yaml', '--format', format], { codes: [1, 2], cwd: FOLDER });
    }
  });

  it('of files', async (t) => {
    const files = FILE_NAMES.map((name) => written(name, ['x']));
    const { stdout } = await held(t, ['check', ...files.map((name) => `-f${name}`)], { codes: [1], cwd: FOLDER });
    assert.doesNotMatch(stdout, UNSEEN);
    assert.doesNotMatch(stdout, LOG_COMMAND);
    const sarif = await held(t, ['check', ...files.map((name) => `-f${name}`), '--format', 'sarif'], {
      codes: [1],
      cwd: FOLDER,
      longLines: true,
    });
    for (const { locations } of JSON.parse(sarif.stdout).runs[0].results) {
      const { uri } = locations[0].physicalLocation.artifactLocation;
      assert.match(uri, /^[\w./~!*'()%-]+$/);
      assert.ok(FILE_NAMES.includes(decodeURIComponent(uri)), uri);
    }
  });

  it('of things that are not there', async (t) => {
    const shown = ALL_NASTY.filter((text) => text.length < 100_000 && !text.includes('\0')).slice(0, 6);
    for (const text of shown) {
      const { stderr } = await held(t, ['explain', `--${text}`], { codes: [2] });
      assert.doesNotMatch(stderr, UNSEEN);
      assert.doesNotMatch(stderr, LOG_COMMAND);
    }
  });
});
