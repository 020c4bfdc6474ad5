/** Small manifests and Dockerfiles, each made after a public report, with all that check finds in them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { check } from '../../src/check/check.ts';
import type { CheckResult } from '../../src/check/finding.ts';
import { podPatch } from '../../src/check/patch.ts';

const FOLDER = new URL('cases/', import.meta.url);

interface Expected {
  /** Each as `severity rule`, in order. */
  findings: string[];
  /** The patch of one of them. */
  patch?: [rule: string, patch: object];
  /** Findings whose message must say this. */
  says?: [rule: string, message: RegExp][];
  notes?: RegExp;
}

/** Of a Deployment with several replicas, a probe with the default period, and no more. */
const COMMON = ['info missing-pod-disruption-budget', 'info min-ready-seconds-zero', 'info readiness-probe-slow'];

const sleeping = (name: string, seconds: number) => ({ name, lifecycle: { preStop: { sleep: { seconds } } } });

const CASES: Record<string, Expected> = {
  'Dockerfile.dumb-init-npm': {
    findings: ['warning npm-as-pid1'],
    says: [['npm-as-pid1', /^CMD: "npm start" behind dumb-init: npm ends soon after SIGTERM/]],
  },
  'Dockerfile.inherits-sigquit': {
    findings: ['warning inherited-stop-signal'],
    says: [['inherited-stop-signal', /"\/controller" gets SIGQUIT .* and not SIGTERM/]],
  },
  'Dockerfile.nginx-sigterm': { findings: ['error stop-signal-cuts-requests'] },
  'alb.yaml': {
    findings: ['info idle-limit-below-gateway', 'warning load-balancer-outlasts-prestop'],
    says: [['load-balancer-outlasts-prestop', /deregistration delay is 30 s/]],
    patch: [
      'load-balancer-outlasts-prestop',
      podPatch({ containers: [sleeping('web', 30)], terminationGracePeriodSeconds: 35 }),
    ],
  },
  'argo-rollout.yaml': {
    findings: ['warning npm-as-pid1'],
    notes: /the pod template was checked, the steps of its strategy were not/,
  },
  'bash-arithmetic.yaml': {
    findings: [
      'info missing-pod-disruption-budget',
      'info min-ready-seconds-zero',
      'info entrypoint-script',
      'info readiness-probe-slow',
    ],
  },
  'database.yaml': {
    findings: ['info state-in-one-pod'],
    says: [['state-in-one-pod', /each update is an outage/]],
  },
  'exec-in-branches.yaml': { findings: COMMON },
  'headless.yaml': {
    findings: ['warning headless-service-keeps-addresses'],
    patch: [
      'headless-service-keeps-addresses',
      podPatch({ containers: [sleeping('web', 30)], terminationGracePeriodSeconds: 35 }),
    ],
  },
  'knative.yaml': {
    findings: ['error npm-as-pid1'],
    notes: /Knative sets the replicas, the probe, the preStop hook and the grace period/,
  },
  'loop-in-shell.yaml': { findings: [], notes: /rules about traffic were skipped/ },
  'mesh-sidecar-sleeps-less.yaml': {
    findings: ['info missing-pod-disruption-budget', 'info min-ready-seconds-zero', 'warning sidecar-stops-first'],
    patch: ['sidecar-stops-first', podPatch({ containers: [sleeping('linkerd-proxy', 20)] })],
  },
  'mesh-sidecar.yaml': {
    findings: ['info missing-pod-disruption-budget', 'info min-ready-seconds-zero', 'warning sidecar-stops-first'],
    patch: ['sidecar-stops-first', podPatch({ containers: [sleeping('linkerd-proxy', 20)] })],
  },
  'metrics-daemonset.yaml': { findings: [], notes: /rules about traffic were skipped/ },
  'neg.yaml': {
    findings: ['info idle-limit-below-gateway', 'warning load-balancer-outlasts-prestop'],
    says: [['load-balancer-outlasts-prestop', /container-native load balancing/]],
    patch: [
      'load-balancer-outlasts-prestop',
      podPatch({ containers: [sleeping('web', 40)], terminationGracePeriodSeconds: 45 }),
    ],
  },
  'not-ready-addresses.yaml': { findings: [...COMMON, 'warning publish-not-ready-addresses'] },
  'one-bad-document.yaml': {
    findings: [
      'error refused-by-api-server',
      'error removed-api-version',
      'error no-rolling-update-strategy',
      'info no-readiness-probe',
    ],
  },
  'pdb-of-one.yaml': {
    findings: ['info deployment-replicas', 'warning pdb-disruptions-is-zero'],
    says: [['pdb-disruptions-is-zero', /run 2 replicas first/]],
  },
  'port-of-native-sidecar.yaml': { findings: [...COMMON, 'info sidecar-stops-first'] },
  'prestop-above-grace.yaml': {
    findings: [
      'info missing-pod-disruption-budget',
      'info min-ready-seconds-zero',
      'error grace-not-above-prestop-plus-drain',
    ],
    patch: ['grace-not-above-prestop-plus-drain', podPatch({ terminationGracePeriodSeconds: 65 })],
  },
  'prestop-equals-grace.yaml': {
    findings: [
      'info missing-pod-disruption-budget',
      'info min-ready-seconds-zero',
      'warning grace-not-above-prestop-plus-drain',
      'info prestop-exec-instead-of-sleep',
    ],
    says: [['grace-not-above-prestop-plus-drain', /what takes longer than the kubelet's last 2 s is cut/]],
    patch: ['grace-not-above-prestop-plus-drain', podPatch({ terminationGracePeriodSeconds: 35 })],
  },
  'quit-without-sleep.yaml': {
    findings: [...COMMON, 'warning no-prestop'],
    says: [['no-prestop', /the app closes its port while routers still send it new connections/]],
    patch: [
      'no-prestop',
      podPatch({ containers: [{ name: 'front', lifecycle: { preStop: { exec: null, sleep: { seconds: 5 } } } }] }),
    ],
  },
  'recreate-with-claim.yaml': {
    findings: ['info state-in-one-pod'],
    says: [['state-in-one-pod', /by design$/]],
  },
  'scaled-object.yaml': {
    findings: [
      'warning horizontalpodautoscaler-replicas',
      'info min-ready-seconds-zero',
      'warning hpa-overrides-replicas',
      'info readiness-probe-slow',
    ],
    says: [['horizontalpodautoscaler-replicas', /^ScaledObject "web": minReplicaCount 0: .* no pod at all/]],
    patch: ['horizontalpodautoscaler-replicas', { spec: { minReplicaCount: 2 } }],
  },
  'short-grace-no-hook.yaml': {
    findings: [
      'info missing-pod-disruption-budget',
      'info min-ready-seconds-zero',
      'warning no-prestop',
      'info readiness-probe-slow',
    ],
    patch: ['no-prestop', podPatch({ containers: [sleeping('cart', 5)], terminationGracePeriodSeconds: 10 })],
  },
  'spread-without-room.yaml': {
    findings: [
      'info missing-pod-disruption-budget',
      'info min-ready-seconds-zero',
      'warning spread-without-room',
      'info readiness-probe-slow',
    ],
    patch: [
      'spread-without-room',
      { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } } } },
    ],
  },
  'surge-with-claim.yaml': {
    findings: ['info min-ready-seconds-zero', 'warning surge-cannot-attach-volume'],
    patch: ['surge-cannot-attach-volume', { spec: { strategy: { type: 'Recreate', rollingUpdate: null } } }],
  },
  'surge-with-shared-claim.yaml': {
    findings: ['info missing-pod-disruption-budget', 'info min-ready-seconds-zero'],
  },
  'switched-off.yaml': { findings: [], notes: /0 replicas: it is switched off/ },
  'yaml-1.1.yaml': { findings: COMMON },
  'worker-recreate.yaml': { findings: [], notes: /rules about traffic were skipped/ },
};

describe('the cases', () => {
  test('each has an expectation, and none more', () => {
    assert.deepEqual(readdirSync(FOLDER).sort(), Object.keys(CASES).sort());
  });

  for (const [file, { findings, patch, says = [], notes }] of Object.entries(CASES)) {
    test(file, () => {
      const result = checkedCase(file);
      assert.deepEqual(
        result.findings.map(({ severity, rule }) => `${severity} ${rule}`),
        findings,
        JSON.stringify(result.findings, null, 2),
      );
      const found = (id: string) => result.findings.find(({ rule }) => rule === id) ?? assert.fail(id);
      for (const [rule, message] of says) assert.match(found(rule).message, message);
      if (patch) assert.deepEqual(found(patch[0]).patch, patch[1]);
      if (notes) assert.match(result.notes.join('\n'), notes);
    });
  }
});

function checkedCase(file: string): CheckResult {
  const text = readFileSync(new URL(file, FOLDER), 'utf8');
  const options = { longestRequestSeconds: 0, drainDelaySeconds: 0 };
  if (file.startsWith('Dockerfile')) return check({ manifests: [], dockerfile: { file, text }, options });
  return check({ manifests: [{ name: file, text }], options });
}
