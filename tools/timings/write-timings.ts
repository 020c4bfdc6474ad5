/** Rewrites timings.json: `npm run timings -- DIR`, with a result folder of `compare --on kubernetes --out DIR`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { readRun } from '../../src/results/read-run.ts';
import { timingsFromTraces } from './timings-from-traces.ts';

const FILE = new URL('../../src/clusters/local/timings.json', import.meta.url);

const [dir] = process.argv.slice(2);
if (dir === undefined) throw new Error('npm run timings -- DIR: name the result folder of a real cluster');
const run = readRun(dir);
const traces = run.trials.flatMap((trial) => (trial.valid ? (run.traceOf(trial) ?? []) : []));
const before = JSON.parse(readFileSync(FILE, 'utf8')) as object;
writeFileSync(FILE, `${JSON.stringify({ ...before, ...timingsFromTraces(traces) }, null, 2)}\n`);
