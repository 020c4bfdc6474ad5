/** Saved runs with hostile texts, in every output format. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { create } from 'xmlbuilder2';
import { trialName } from '../src/results/trial-name.ts';
import { PROJECT } from '../test/cli/program.ts';
import { ALL_NASTY, LOG_COMMAND, UNSEEN } from './nasty.ts';
import { held } from './program.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'hostile-saved-'));
after(() => rmSync(FOLDER, { recursive: true, force: true }));

const json = (...path: string[]) => JSON.parse(readFileSync(join(PROJECT, 'docs/results', ...path), 'utf8'));

/** The fields that the schema allows any text for. */
const FREE = [
  ...[
    'name',
    'uid',
    'node',
    'detail',
    'what',
    'server',
    'runtimeVersion',
    'cluster',
    'message',
    'component',
    'refused',
  ],
  ...['exitSignal', 'container', 'hook'],
];
const FREE_LISTS = ['invalidReasons', 'untried', 'set', 'names', 'standIns', 'signals'];
/** Their limits in characters, if a hostile text would exceed them. */
const LONGEST: Readonly<Record<string, number>> = { runtimeVersion: 100, invalidReasons: 1000 };

/** The value with each free text replaced by a hostile one; equal texts are replaced equally. */
function edited(value: unknown, key = ''): unknown {
  if (typeof value === 'string') {
    return FREE.includes(key) || FREE_LISTS.includes(key) ? nastier(value).slice(0, LONGEST[key]) : value;
  }
  if (Array.isArray(value)) return value.map((item) => edited(item, FREE_LISTS.includes(key) ? key : ''));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, edited(item, name)]));
}

let turn = 0;
const chosen = new Map<string, string>();
function nastier(text: string): string {
  const known = chosen.get(text) ?? `${ALL_NASTY[turn++ % ALL_NASTY.length]}${text}`;
  chosen.set(text, known);
  return known;
}

function folder(name: string, result: object, traces: readonly object[] = []): string {
  const path = join(FOLDER, name);
  mkdirSync(join(path, 'traces'), { recursive: true });
  writeFileSync(join(path, 'result.json'), JSON.stringify(result));
  traces.forEach((trace, index) => void writeFileSync(join(path, 'traces', `${index}.json`), JSON.stringify(trace)));
  return name;
}

/** A comparison with one trial per hostile text, which replaces all its free texts. */
function comparison(): string {
  const result = json('local', 'result.json');
  const [trial] = result.trials;
  const trials = ALL_NASTY.map((text, index) => ({
    ...trial,
    runtimeVersion: text.slice(0, LONGEST.runtimeVersion),
    variant: index === 1 ? 'valid' : `v${index}`,
    cluster: text,
    valid: index % 3 > 0,
    failed: 3,
    causes: { ...trial.causes, capacity: 3 },
    invalidReasons: index % 3 > 0 ? [] : [text.slice(0, LONGEST.invalidReasons), 'busy'],
    failedByScenario: { fresh: 3 },
  }));
  const traces = readdirSync(join(PROJECT, 'docs/results/local/traces')).slice(0, 2);
  return folder(
    'comparison',
    { ...result, trials },
    traces.map((file) => edited(json('local', 'traces', file)) as object),
  );
}

/** A search for a fix, and rollouts of a user's own service. */
function ownRun(kind: 'find-fix' | 'own-service'): string {
  const result = json('find-fix', 'broken-node', 'result.json');
  const { fix, ...rest } = edited(result) as { fix: object };
  return folder(kind, { ...rest, ...(kind === 'find-fix' && { fix }), run: { ...result.run, kind } });
}

/** Whether all its characters are allowed in XML. */
const XML = /^[\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;

/** The builder's own parser does not check characters and references strictly. */
function assertWellFormed(xml: string): void {
  assert.match(xml, XML);
  assert.doesNotMatch(xml, /&(?!(amp|lt|gt|quot|apos|#39|#35|#58|#x[AD9]);)/);
  assert.doesNotThrow(() => create(xml));
}

describe('a saved run with nasty texts', { concurrency: 2 }, () => {
  const folders = [comparison(), ownRun('find-fix'), ownRun('own-service')];
  const options = { codes: [0, 1, 3], cwd: FOLDER };
  const made = async (t: Parameters<typeof held>[0], args: readonly string[], longLines = false) => {
    const env = { GITHUB_STEP_SUMMARY: join(FOLDER, 'summary.md') };
    const { stdout, stderr } = await held(t, args, { ...options, longLines, env });
    for (const text of [stdout, stderr]) assert.doesNotMatch(text, UNSEEN);
    return stdout;
  };

  it('the picture of a trial', async (t) => {
    for (const file of readdirSync(join(FOLDER, 'comparison/traces'))) {
      const { trial } = JSON.parse(readFileSync(join(FOLDER, 'comparison/traces', file), 'utf8'));
      const args = ['report', 'comparison', '--format', 'svg', '--trial', trialName(trial)];
      const text = await made(t, args, true);
      assert.doesNotMatch(text, LOG_COMMAND);
      assertWellFormed(text);
    }
  });

  for (const dir of folders) {
    it(`${dir}: in the terminal`, async (t) => {
      for (const args of [
        ['compare', dir],
        ['compare', dir, folders[0] as string],
      ]) {
        assert.doesNotMatch(await made(t, args), LOG_COMMAND);
      }
    });

    it(`${dir}: as JSON`, async (t) => {
      const text = await made(t, ['compare', dir, '--json'], true);
      assert.doesNotMatch(text, LOG_COMMAND);
      JSON.parse(text, (_key, value) => {
        assert.ok(typeof value !== 'string' || value.isWellFormed(), 'half a surrogate pair');
        return value;
      });
    });

    it(`${dir}: as XML`, async (t) => {
      for (const args of [
        ['--format', 'junit'],
        ['--format', 'svg'],
      ]) {
        const text = await made(t, ['report', dir, ...args], true);
        assert.doesNotMatch(text, LOG_COMMAND);
        assert.doesNotMatch(text, /<(img|script|x)\b/);
        assertWellFormed(text);
      }
    });

    it(`${dir}: as a page`, async (t) => {
      const text = await made(t, ['report', dir, '--format', 'html'], true);
      assert.doesNotMatch(text, LOG_COMMAND);
      assert.doesNotMatch(text, /<(img|script|x)\b/);
      assert.doesNotMatch(text, /<[^>]*\sonload="/);
    });

    it(`${dir}: for GitHub`, async (t) => {
      for (const line of (await made(t, ['report', dir, '--format', 'github'])).trimEnd().split('\n')) {
        if (line.startsWith('::')) assert.match(line, /^::(error|notice) title=[^:]*::/);
        else assert.doesNotMatch(line, LOG_COMMAND);
      }
      const text = await made(t, ['report', dir, '--format', 'markdown'], true);
      assert.doesNotMatch(text, LOG_COMMAND);
      const prose = text.replaceAll(/^(`{3,})yaml\n[\s\S]*?^\1$/gm, '');
      assert.doesNotMatch(prose, /<(?!br>|!-- -->)|(?<!\\)\]\(|@(?!<!-- -->)|https:\/\//);
    });
  }
});
