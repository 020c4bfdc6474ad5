/** Contents of a report made from stories: a trial for each trace. */
import { advise } from '../../src/analysis/advice.ts';
import { analyse } from '../../src/analysis/result.ts';
import type { ReportContents } from '../../src/report/contents.ts';
import type { FailedRequest } from '../../src/trace/load-record.ts';
import type { Trace, TrialIdentity } from '../../src/trace/trace.ts';
import { failed, type Story, trace } from '../analysis/story.ts';

/** A story as a trial of this runtime and variant. */
export function told(identity: Partial<TrialIdentity>, story: Story = {}): Trace {
  const made = trace(story);
  return { ...made, trial: { ...made.trial, repeat: 0, ...identity } };
}

export function reported(traces: readonly Trace[], complaints: readonly string[] = []): ReportContents {
  return { trials: traces.map((trace) => ({ result: analyse(trace), trace, advice: advise([trace]) })), complaints };
}

/** Requests refused by a pod that was stopping, `perSecond` of them for as long as they last. */
export function refused(howMany: number, perSecond: number, pod = 'old-1'): FailedRequest[] {
  return Array.from({ length: howMany }, (_, index) => {
    const startedMs = 1000 + (index * 1000) / perSecond;
    return { ...failed('fresh connect ECONNREFUSED', startedMs, startedMs + 1, { pod }), id: `r-${index}` };
  });
}
