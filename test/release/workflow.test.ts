/** The workflow that publishes: who may do what in it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import * as z from 'zod';
import { projectFile } from '../../src/project-file.ts';

const Workflow = z.object({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.object({
      needs: z.union([z.string(), z.array(z.string())]).optional(),
      permissions: z.record(z.string(), z.string()),
      steps: z.array(z.object({ uses: z.string().optional(), run: z.string().optional() })).default([]),
    }),
  ),
});
const { permissions, jobs } = Workflow.parse(
  parse(readFileSync(projectFile('.github/workflows/release.yaml'), 'utf8')),
);
const publishing = Object.entries(jobs).filter(([, job]) => Object.values(job.permissions).includes('write'));

test('a job has the rights that it asks for, and no others', () => {
  assert.deepEqual(permissions, {});
  assert.deepEqual(publishing.map(([name]) => name).sort(), ['image', 'jsr', 'npm', 'release']);
});

describe('a job that may publish', () => {
  for (const [name, { needs = [], steps }] of publishing) {
    test(`${name} waits for the tests`, () => {
      const before = [needs].flat();
      const all = before.flatMap((job) => [job, ...[jobs[job]?.needs ?? []].flat()]);
      assert.ok(all.includes('test') && all.includes('pack'), all.join(' '));
    });
    test(`${name} runs no code of the packages that the project is built with`, () => {
      const commands = steps.map(({ run = '' }) => run).join('\n');
      assert.doesNotMatch(commands, /\bnpm (ci|run)\b|\bnpm install(?! --global npm@\d)|\btsx\b|\bnode /);
    });
    test(`${name} has no text of the event in a command`, () => {
      assert.doesNotMatch(steps.map(({ run = '' }) => run).join('\n'), /\$\{\{/);
    });
  }
});
