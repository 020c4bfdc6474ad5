import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { overlayName, overlayNames } from '../../src/manifests/overlays.ts';
import { renderOverlay } from '../../src/manifests/render.ts';
import { kustomizeFolder, readRendered, renderedFolder, sourcesDigest } from '../../src/manifests/render-files.ts';

const noRenderer =
  [['kubectl', 'version', '--client'] as const, ['kustomize', 'version'] as const].every(
    ([program, ...args]) => spawnSync(program, args).status !== 0,
  ) && 'neither kubectl nor kustomize is on the PATH';

test('there are 18 overlays, each with a folder and a rendered file, and no others', () => {
  const names = overlayNames().sort();
  assert.equal(names.length, 18);
  assert.equal(overlayName('bun', 'without-pre-stop'), 'without-pre-stop-bun');
  assert.deepEqual(readdirSync(join(kustomizeFolder(), 'overlays')).sort(), names);
  const rendered = readdirSync(renderedFolder(kustomizeFolder())).filter((file) => file.endsWith('.yaml'));
  assert.deepEqual(rendered.map((file) => file.replace('.yaml', '')).sort(), names);
});

test('kustomize/rendered is as new as its sources', () => {
  for (const name of overlayNames()) assert.match(readRendered(name), /kind: Deployment/);
});

test('rendering again gives what is committed, byte for byte', { skip: noRenderer }, async () => {
  for (const name of overlayNames()) {
    const file = join(renderedFolder(kustomizeFolder()), `${name}.yaml`);
    assert.equal(await renderOverlay(name), readFileSync(file, 'utf8'), `${name}: run npm run render`);
  }
});

test('a changed, added or removed source makes the rendered files stale', (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'kustomize-'));
  t.after(() => rmSync(copy, { recursive: true, force: true }));
  const stale = {
    constructor: InputError,
    message: 'kustomize/ has changed since it was rendered: run npm run render',
  };
  const changes: Record<string, () => void> = {
    changed: () => writeFileSync(join(copy, 'base/service.yaml'), '# nothing\n'),
    added: () => writeFileSync(join(copy, 'base/more.yaml'), ''),
    removed: () => rmSync(join(copy, 'base/service.yaml')),
  };
  for (const [what, change] of Object.entries(changes)) {
    rmSync(copy, { recursive: true, force: true });
    cpSync(kustomizeFolder(), copy, { recursive: true });
    assert.equal(sourcesDigest(copy), sourcesDigest(), 'a copy has the digest of the original');
    change();
    assert.throws(() => readRendered('valid-node', copy), stale, what);
  }
});

test('an overlay that does not exist is an input error', () => {
  assert.throws(() => readRendered('valid-perl'), { constructor: InputError, message: /valid-perl\.yaml is missing/ });
});
