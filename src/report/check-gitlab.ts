/**
 * Findings as GitLab's Code Quality report, which merge requests show: https://docs.gitlab.com/ci/testing/code_quality/.
 */
import { createHash } from 'node:crypto';
import type { CheckResult, Finding } from '../check/finding.ts';
import type { Severity } from '../check/rule.ts';
import { type ArtifactOf, posixPath } from './artifact.ts';
import { placeText } from './check-terminal.ts';

/** One violation; GitLab reads no other fields. */
export interface CodeQualityIssue {
  description: string;
  check_name: string;
  /** Unique within a report; GitLab compares branches by it. */
  fingerprint: string;
  severity: 'info' | 'minor' | 'major' | 'critical' | 'blocker';
  location: { path: string; lines: { begin: number } };
}

const SEVERITIES: Record<Severity, CodeQualityIssue['severity']> = {
  error: 'critical',
  warning: 'major',
  info: 'info',
};

export function codeQuality({ findings }: CheckResult, artifactOf: ArtifactOf): CodeQualityIssue[] {
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const { rule, severity, message, source, position } = finding;
    const { file, hasLines } = artifactOf(source);
    const key = identity(finding);
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return {
      description: hasLines ? message : `${message} (${placeText(finding)})`,
      check_name: rule,
      fingerprint: createHash('sha256').update(`${key} ${before}`).digest('hex'),
      severity: SEVERITIES[severity],
      location: { path: posixPath(file ?? source), lines: { begin: (hasLines && position?.line) || 1 } },
    };
  });
}

/** What a finding is about. Without its line: a line that is added above it makes no other finding of it. */
function identity({ rule, source, object, field }: Finding): string {
  return JSON.stringify([rule, source, object?.kind, object?.namespace, object?.name, field]);
}
