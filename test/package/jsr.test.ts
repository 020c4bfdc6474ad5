/** What is published on JSR: the sources, complete. `deno publish --dry-run` asks npm for types, so it is not a test here. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { freshClone } from './packed.ts';

test('the staged folder has every file that is imported, and names npm packages by exact version', (t) => {
  const clone = freshClone();
  t.after(() => rmSync(clone, { recursive: true }));
  execFileSync(process.execPath, ['tools/package/stage-jsr.js'], { cwd: clone });
  const stage = join(clone, 'packages/serve/jsr');
  const readJson = (file: string) => JSON.parse(readFileSync(join(clone, file), 'utf8'));
  const { name, version, exports, imports } = readJson('packages/serve/jsr/jsr.json');
  const published = readJson('packages/serve/package.json');
  assert.deepEqual([name, version], [published.name, published.version]);
  assert.deepEqual(
    Object.keys(exports),
    Object.keys(published.exports).filter((path) => path !== './package.json'),
  );
  for (const [specifier, target] of Object.entries(imports)) {
    assert.equal(target, `npm:${specifier}@${readJson('package.json').devDependencies[specifier]}`);
  }
  const files = readdirSync(stage, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  for (const entry of Object.values<string>(exports)) assert.ok(existsSync(join(stage, entry)), entry);
  for (const file of files) {
    const text = readFileSync(join(stage, file), 'utf8');
    for (const [, specifier = ''] of text.matchAll(/ from '([^']+)';$/gm)) {
      const found = specifier.startsWith('.')
        ? existsSync(join(stage, dirname(file), specifier))
        : specifier.startsWith('node:') || specifier in imports;
      assert.ok(found, `${file} imports ${specifier}`);
    }
  }
});
