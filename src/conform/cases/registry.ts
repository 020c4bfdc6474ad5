/** All cases, ordered by number. */
import type { ConformanceCase } from '../case.ts';
import { ARRIVING_CASES } from './arriving.ts';
import { DRAIN_CASES } from './drain.ts';
import { EXIT_CASES } from './exit.ts';
import { IDLE_CASES } from './idle.ts';
import { KEEP_ALIVE_CASES } from './keep-alive.ts';
import { SESSION_CASES } from './sessions.ts';
import { TROUBLE_CASES } from './trouble.ts';
import { WORK_CASES } from './work.ts';

export const CASES: readonly ConformanceCase[] = [
  ...EXIT_CASES,
  ...WORK_CASES,
  ...ARRIVING_CASES,
  ...KEEP_ALIVE_CASES,
  ...DRAIN_CASES,
  ...SESSION_CASES,
  ...TROUBLE_CASES,
  ...IDLE_CASES,
];
