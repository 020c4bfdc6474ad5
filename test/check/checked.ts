/** What the check finds in manifests that a test changes field by field. */
import { check } from '../../src/check/check.ts';
import type { CheckResult, Finding } from '../../src/check/finding.ts';
import type { CheckOptions } from '../../src/check/workload.ts';
import { type Changes, manifestText, type Written } from '../manifests/manifest-text.ts';

export interface Case extends Written {
  /** A Dockerfile, instead of the manifests or in addition to them. */
  dockerfile?: string;
  /** The manifests: the Deployment and Service of `manifestText`, made good, and then changed. */
  yaml?: string;
  options?: Partial<CheckOptions>;
}

export const POD = 'spec.template.spec';
export const APP = `${POD}.containers[0]`;

/** Changes that make the plain Deployment pass every rule. */
export const GOOD: Changes = {
  'spec.minReadySeconds': 5,
  'spec.strategy.rollingUpdate': { maxSurge: 1, maxUnavailable: 0 },
  [`${APP}.readinessProbe`]: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 1, failureThreshold: 2 },
  [`${APP}.lifecycle.preStop.sleep.seconds`]: 5,
};

export const BUDGET = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'shop' },
  spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'shop' } } },
};

export function goodText({ deployment, service, more = [BUDGET] }: Written = {}): string {
  // A copy, because changes are made in place.
  return manifestText(structuredClone({ deployment: { ...GOOD, ...deployment }, more, ...(service && { service }) }));
}

/** The manifests of a case; undefined if it has only a Dockerfile. */
export function manifestsOf(given: Case): string | undefined {
  const dockerfileOnly = given.dockerfile !== undefined && !given.yaml && !given.deployment;
  return dockerfileOnly ? undefined : (given.yaml ?? goodText(given));
}

export function checked(given: Case): CheckResult {
  const text = manifestsOf(given);
  return check({
    manifests: text === undefined ? [] : [{ name: 'shop.yaml', text }],
    ...(given.dockerfile !== undefined && { dockerfile: { file: 'Dockerfile', text: given.dockerfile } }),
    options: { longestRequestSeconds: 0, drainDelaySeconds: 0, ...given.options },
  });
}

/** `rule line:column`, in order. */
export function idsAndLines(findings: readonly Finding[]): string[] {
  return findings.map(({ rule, position }) => `${rule} ${position?.line}:${position?.column}`);
}
