/** Separates the findings that count from those that somebody has silenced, and gives each its severity. */
import { type Finding, findingOf, readingFinding } from './finding.ts';
import { identityOf, type ObjectIdentity } from './identity.ts';
import type { CheckedObject } from './objects.ts';
import type { ReadingProblem } from './reading-problem.ts';
import { ruleById } from './registry.ts';
import type { Problem, Rule } from './rule.ts';
import { type CheckSettings, settingOf } from './settings.ts';
import {
  type Annotated,
  type Silence,
  type SilencedFinding,
  silenceByAnnotation,
  silenceBySetting,
} from './silence/silence.ts';

interface Candidate {
  finding: Finding;
  /** The objects whose annotations may silence the finding. */
  annotated: readonly Annotated[];
  /** The object that settings for workloads may name. */
  subject: ObjectIdentity | undefined;
  /** A document that could not be read, so that nothing else is known about it: it counts even if other rules were chosen. */
  isUnread: boolean;
}

export function candidateOf(rule: Rule, problem: Problem, workload?: CheckedObject): Candidate {
  const finding = findingOf(rule, problem);
  const found = 'object' in problem.place ? problem.place.object.value : undefined;
  const annotated = [workload, found === workload ? undefined : found].filter((object) => object !== undefined);
  return { finding, annotated, subject: workload ? identityOf(workload) : finding.object, isUnread: false };
}

export function readingCandidate(problem: ReadingProblem): Candidate {
  const finding = readingFinding(ruleById(problem.rule), problem);
  const { object, annotations } = problem;
  const annotated = object ? [{ kind: object.kind, metadata: { name: object.name, annotations } }] : [];
  return { finding, annotated, subject: finding.object, isUnread: problem.isUnread };
}

export function sift(candidates: readonly Candidate[], settings: CheckSettings) {
  const findings: Finding[] = [];
  const silenced: SilencedFinding[] = [];
  for (const candidate of candidates) {
    const { rule } = candidate.finding;
    if (settings.only && !settings.only.includes(rule) && !candidate.isUnread) continue;
    const finding = withSeverity(candidate, settings);
    const silence = silenceOf(candidate, settings);
    if (silence) silenced.push({ ...finding, silence });
    else findings.push(finding);
  }
  return { findings, silenced };
}

function silenceOf({ finding, annotated, subject }: Candidate, settings: CheckSettings): Silence | undefined {
  return silenceByAnnotation(finding.rule, annotated) ?? silenceBySetting(finding.rule, settings, subject);
}

function withSeverity({ finding, subject }: Candidate, settings: CheckSettings): Finding {
  const severity = settingOf(settings, finding.rule, subject)?.severity;
  return severity === undefined || severity === 'on' || severity === 'off' ? finding : { ...finding, severity };
}
