/** Draws the pictures of the README and of docs/causes.md from the committed results: `npm run pictures`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CAUSES, type Cause } from '../src/analysis/causes.ts';
import { projectFile } from '../src/project-file.ts';
import { matrixPicture, timelinePicture } from '../src/report/picture/standalone.ts';
import { readRun } from '../src/results/read-run.ts';
import { trialName } from '../src/results/trial-name.ts';
import type { Trace } from '../src/trace/trace.ts';

/** The results that the pictures show. */
const RESULTS = 'docs/results/local';
const PICTURES = 'docs/pictures';

const run = readRun(projectFile(RESULTS));
const pictures = join(dirname(projectFile('package.json')), PICTURES);
mkdirSync(pictures, { recursive: true });
writeFileSync(join(pictures, 'matrix.svg'), matrixPicture(run));
for (const { id, overlay } of CAUSES as readonly Cause[]) {
  if (overlay !== undefined) writeFileSync(join(pictures, `${id}.svg`), timelinePicture(traceOf(`${overlay}-node`)));
}

function traceOf(name: string): Trace {
  const result = run.trials.find((trial) => trialName(trial) === name);
  const trace = result && run.traceOf(result);
  if (!trace) throw new Error(`${RESULTS} has no trace of ${name}`);
  return trace;
}
