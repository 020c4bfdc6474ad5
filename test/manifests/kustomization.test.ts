import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { overlayFolder, readKustomization } from '../../src/manifests/kustomization.ts';
import { renderKustomization } from '../../src/manifests/render.ts';
import { kustomizeFolder } from '../../src/manifests/render-files.ts';

const noRenderer =
  [['kubectl', 'version', '--client'] as const, ['kustomize', 'version'] as const].every(
    ([program, ...args]) => spawnSync(program, args).status !== 0,
  ) && 'neither kubectl nor kustomize is on the PATH';

const copy = mkdtempSync(join(tmpdir(), 'kustomization-'));
after(() => rmSync(copy, { recursive: true, force: true }));

/** Runs `run` with an empty PATH. */
async function bare<T>(run: () => Promise<T>): Promise<T> {
  const { PATH = '' } = process.env;
  process.env.PATH = copy;
  try {
    return await run();
  } finally {
    process.env.PATH = PATH;
  }
}

describe('an overlay of this project', () => {
  const folder = overlayFolder('valid-bun');

  test('needs no kustomize', async () => {
    const { file, yaml } = await bare(() => readKustomization(folder));
    assert.equal(file, join(folder, 'kustomization.yaml'));
    assert.match(yaml, /^apiVersion: v1\n/);
  });

  test("matches kustomize's output line by line", { skip: noRenderer }, async () => {
    assert.equal((await readKustomization(folder)).yaml, await renderKustomization(folder));
  });

  test('is rendered if its sources have changed', { skip: noRenderer }, async () => {
    cpSync(kustomizeFolder(), copy, { recursive: true });
    const changed = join(copy, 'overlays', 'valid-bun');
    appendFileSync(join(changed, 'kustomization.yaml'), '\nnamePrefix: changed-\n');
    assert.match((await readKustomization(changed, copy)).yaml, /name: changed-rollout-test/);
    const message = /^rendering needs kubectl .* or kustomize/;
    await assert.rejects(() => bare(() => readKustomization(changed, copy)), { name: 'EnvironmentError', message });
  });
});

test('any other folder is rendered, even if it has the name of an overlay', { skip: noRenderer }, async () => {
  const folder = join(copy, 'valid-bun');
  mkdirSync(folder);
  writeFileSync(join(folder, 'kustomization.yml'), 'configMapGenerator:\n  - name: a\n    literals: [b=c]\n');
  const { file, yaml } = await readKustomization(folder);
  assert.equal(file, join(folder, 'kustomization.yml'));
  assert.match(yaml, /kind: ConfigMap/);
});

test('a folder without a kustomization is rejected in one line', async () => {
  const message = `${copy}: not a kustomization: it has no kustomization.yaml`;
  await assert.rejects(() => readKustomization(copy), { name: 'InputError', message });
});
