/** Report contents made from stories: one trial per trace. */
import { analyse, type TrialResult } from '../../src/analysis/result.ts';
import { type ReportContents, reportContents } from '../../src/report/contents.ts';
import type { Complaint } from '../../src/results/judge.ts';
import type { RunIdentity } from '../../src/results/result-file.ts';
import { type FixFindings, measuredRun, type Run } from '../../src/results/run.ts';
import type { FailedRequest } from '../../src/trace/load-record.ts';
import type { Trace, TrialIdentity } from '../../src/trace/trace.ts';
import { failed, type Story, trace } from '../analysis/story.ts';

/** A story as the trace of a trial of this runtime and variant. */
export function told(identity: Partial<TrialIdentity>, story: Story = {}): Trace {
  const made = trace(story);
  return { ...made, trial: { ...made.trial, repeat: 0, ...identity } };
}

/** A run of these traces; a comparison by default. */
export function runOf(traces: readonly Trace[], identity: Partial<RunIdentity> = {}, found: FixFindings = {}): Run {
  const measured = traces.map((trace) => ({ result: analyse(trace), trace }));
  return measuredRun({ id: 'run-1', kind: 'comparison', maxFailed: 0, ...identity }, measured, found);
}

/** A run of results without traces. */
export function runOfResults(trials: readonly TrialResult[], fields: Partial<Run> = {}): Run {
  return {
    kind: 'comparison',
    maxFailed: 0,
    hints: [],
    hasTrace: () => false,
    traceOf: () => undefined,
    ...fields,
    trials,
  };
}

/** Report contents, with these problems added. */
export function reported(traces: readonly Trace[], complaints: readonly string[] = []): ReportContents {
  const contents = reportContents(runOf(traces));
  const { judgement } = contents;
  const more = complaints.map((text): Complaint => ({ kind: 'invalid', text }));
  return { ...contents, judgement: { ...judgement, complaints: [...judgement.complaints, ...more] } };
}

/** Requests refused by a stopping pod, `perSecond` of them every second. */
export function refused(howMany: number, perSecond: number, pod = 'old-1'): FailedRequest[] {
  return Array.from({ length: howMany }, (_, index) => {
    const startedMs = 1000 + (index * 1000) / perSecond;
    return { ...failed('fresh connect ECONNREFUSED', startedMs, startedMs + 1, { pod }), id: `r-${index}` };
  });
}
