/** Draws the pictures of the README from the committed results: `npm run pictures`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectFile } from '../project-file.ts';
import { trialName } from '../report/names.ts';
import { matrixPicture, timelinePicture } from '../report/picture/standalone.ts';
import { readRun } from './saved-run.ts';

/** The results that the pictures show. */
const RESULTS = 'docs/results/local';
const PICTURES = 'docs/pictures';
/** The trial whose timeline is shown. */
const TRIAL = 'without-pre-stop-node';

const run = readRun(projectFile(RESULTS));
const result = run.trials.find((trial) => trialName(trial) === TRIAL);
const trace = result && run.traceOf(result);
if (!trace) throw new Error(`${RESULTS} has no trace of ${TRIAL}`);
const pictures = join(dirname(projectFile('package.json')), PICTURES);
mkdirSync(pictures, { recursive: true });
writeFileSync(join(pictures, 'matrix.svg'), matrixPicture(run.trials));
writeFileSync(join(pictures, 'timeline.svg'), timelinePicture(trace));
