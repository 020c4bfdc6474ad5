/** Manifests that try to break their reader, through the functions that `check` and `run -f` call in their workers. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { check } from '../src/check/check.ts';
import type { CheckResult } from '../src/check/finding.ts';
import { InputError } from '../src/errors.ts';
import { readManifests } from '../src/manifests/manifests.ts';
import { checkAnnotations } from '../src/report/check-github.ts';
import { checkJson } from '../src/report/check-json.ts';
import { renderFindings } from '../src/report/check-terminal.ts';
import { sarif } from '../src/report/sarif.ts';
import { garbled, type Hostile, largeYaml, strangeYaml, withScript } from './manifest-inputs.ts';
import { hostileDockerfiles, hostileScripts } from './script-inputs.ts';
import { strangeValues } from './strange-values.ts';
import { wrongTypes } from './wrong-types.ts';

/**
 * A limit on processor time, below that of the program, which would end the work first. Most inputs take a millisecond.
 */
const LIMIT_MS = 5000;
const OPTIONS = { longestRequestSeconds: 0, drainDelaySeconds: 0 };

const READERS: Record<string, (text: string) => void> = {
  check: (text) => assertPrinted(check({ manifests: [{ name: 'shop.yaml', text }], options: OPTIONS })),
  run: (text) => void readManifests(text, 'shop.yaml'),
};

/** Every format can be made from the result, and machine-readable ones can be parsed. */
function assertPrinted(result: CheckResult): void {
  const artifactOf = (source: string) => ({ file: source, hasLines: true });
  for (const format of [checkJson(result), sarif(result, artifactOf)]) JSON.parse(JSON.stringify(format));
  assert.equal(typeof renderFindings(result), 'string');
  assert.equal(typeof checkAnnotations(result, artifactOf), 'string');
}

/** Each input is read, or rejected in one line that names the source. */
function assertHeld(inputs: readonly Hostile[]): void {
  for (const { what, text } of inputs) {
    for (const [reader, read] of Object.entries(READERS)) {
      const before = process.cpuUsage();
      try {
        read(text);
      } catch (error) {
        assert.ok(error instanceof InputError, `${reader}: ${what}: ${(error as Error).stack}`);
        assert.match(error.message, /^shop\.yaml\b[^\n\r]*$/, `${reader}: ${what}`);
      }
      const { user, system } = process.cpuUsage(before); // in µs
      const tookMs = Math.round((user + system) / 1000);
      assert.ok(tookMs < LIMIT_MS, `${reader}: ${what}: ${tookMs} ms`);
    }
  }
}

describe('hostile Dockerfiles are read or rejected in one line:', () => {
  for (const { what, text } of hostileDockerfiles()) {
    test(what, () => {
      try {
        assertPrinted(check({ manifests: [], dockerfile: { file: 'Dockerfile', text }, options: OPTIONS }));
      } catch (error) {
        assert.ok(error instanceof InputError, `${(error as Error).stack}`);
        assert.match(error.message, /^Dockerfile\b[^\n\r]*$/);
      }
    });
  }
});

describe('hostile manifests are read or rejected in one line:', () => {
  const kinds: Record<string, () => Hostile[]> = {
    'strange YAML': strangeYaml,
    'fields of a wrong type': wrongTypes,
    'values of the right type': strangeValues,
    'a good manifest, garbled': () => garbled(400),
    'large and deep ones': largeYaml,
    'scripts of shells': () => hostileScripts().map(({ what, text }) => ({ what, text: withScript(text) })),
  };
  for (const [kind, inputs] of Object.entries(kinds)) test(kind, () => assertHeld(inputs()));
});
