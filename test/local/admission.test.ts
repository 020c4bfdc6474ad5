import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InputError } from '../../src/errors.ts';
import { admit } from '../../src/kubernetes-rules/admission.ts';
import { readManifests } from '../../src/manifests/manifests.ts';
import { overlayNames } from '../../src/manifests/overlays.ts';
import { readRendered } from '../../src/manifests/render-files.ts';
import { type Changes, manifests } from '../manifests/manifest-text.ts';

const GRACE = 'spec.template.spec.terminationGracePeriodSeconds';
const APP = 'spec.template.spec.containers[0]';
const INIT = 'spec.template.spec.initContainers';
const PRE_STOP = `${APP}.lifecycle.preStop`;
const LIMITS = 'spec.strategy.rollingUpdate';
const NOT_NEGATIVE = 'must be greater than or equal to 0';
const NO_PERCENTAGE =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

const MISMATCH =
  'spec.template.metadata.labels: Invalid value: {"app":"shop","tier":"web"}: `selector` does not match template `labels`';
const STOP_SIGNAL = `${APP}.lifecycle.stopSignal`;
const expression = (operator: string, values?: string[]) => ({
  matchExpressions: [{ key: 'app', operator, ...(values && { values }) }],
});

const HTTP = { httpGet: { path: '/', port: 8080 } };
const sleep = (seconds: number) => ({ [`${PRE_STOP}.sleep.seconds`]: seconds });
const sleepRefused = (seconds: number, grace: number) =>
  `${PRE_STOP}.sleep: Invalid value: ${seconds}: must be non-negative and less than terminationGracePeriodSeconds (${grace})`;

describe('the API server accepts', () => {
  const table: [what: string, changes: Changes][] = [
    ['a Deployment with only the required fields', {}],
    ['no replicas', { 'spec.replicas': 0 }],
    ['a preStop sleep as long as the grace period', { [GRACE]: 5, ...sleep(5) }],
    ['a preStop sleep of 30 s with the default grace period', sleep(30)],
    ['a preStop sleep of 0 s', sleep(0)],
    ['limits in percent', { [`${LIMITS}.maxSurge`]: '150%', [`${LIMITS}.maxUnavailable`]: '100%' }],
    ['one limit of 0', { [`${LIMITS}.maxSurge`]: 0 }],
    ['a percentage that rounds down to 0', { [`${LIMITS}.maxSurge`]: 0, [`${LIMITS}.maxUnavailable`]: '1%' }],
    ['Recreate', { 'spec.strategy.type': 'Recreate' }],
    ['the longest possible deadline', { 'spec.progressDeadlineSeconds': 2147483647 }],
    ['a grace period near the largest 64-bit integer', { [GRACE]: 2 ** 62, ...sleep(3600) }],
    ['a stop signal together with spec.os.name', { [STOP_SIGNAL]: 'SIGQUIT', 'spec.template.spec.os.name': 'linux' }],
    ['a selector with matchExpressions', { 'spec.selector': expression('In', ['blog', 'shop']) }],
    ['a deadline above minReadySeconds', { 'spec.progressDeadlineSeconds': 6, 'spec.minReadySeconds': 5 }],
    ['2 successes for readiness', { [`${APP}.readinessProbe`]: { ...HTTP, successThreshold: 2 } }],
    ['zeros, which are the defaults', { [`${APP}.livenessProbe`]: { ...HTTP, periodSeconds: 0, successThreshold: 0 } }],
  ];
  for (const [what, deployment] of table) {
    test(what, () => admit(manifests({ deployment })));
  }

  for (const overlay of overlayNames()) {
    test(overlay, () => admit(readManifests(readRendered(overlay), overlay)));
  }
});

describe('the API server rejects, in these words,', () => {
  const table: [what: string, changes: Changes, refusal: string][] = [
    ['negative replicas', { 'spec.replicas': -1 }, `spec.replicas: Invalid value: -1: ${NOT_NEGATIVE}`],
    [
      'negative minReadySeconds',
      { 'spec.minReadySeconds': -5 },
      `spec.minReadySeconds: Invalid value: -5: ${NOT_NEGATIVE}`,
    ],
    [
      'a deadline as long as minReadySeconds',
      { 'spec.progressDeadlineSeconds': 5, 'spec.minReadySeconds': 5 },
      'spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds',
    ],
    [
      'minReadySeconds above the default deadline',
      { 'spec.minReadySeconds': 601 },
      'spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds',
    ],
    [
      'a negative deadline',
      { 'spec.progressDeadlineSeconds': -1 },
      `[spec.progressDeadlineSeconds: Invalid value: -1: ${NOT_NEGATIVE}, spec.progressDeadlineSeconds: Invalid value: -1: must be greater than minReadySeconds]`,
    ],
    [
      'the longest possible deadline with minReadySeconds just as long',
      { 'spec.progressDeadlineSeconds': 2147483647, 'spec.minReadySeconds': 2147483647 },
      'spec.progressDeadlineSeconds: Invalid value: 2147483647: must be greater than minReadySeconds',
    ],
    [
      'a stop signal without spec.os.name',
      { [STOP_SIGNAL]: 'SIGQUIT' },
      `${STOP_SIGNAL}: Forbidden: may not be set for containers with empty \`spec.os.name\``,
    ],
    [
      'a stop signal that Windows does not have',
      { [STOP_SIGNAL]: 'SIGQUIT', 'spec.template.spec.os.name': 'windows' },
      `${STOP_SIGNAL}: Unsupported value: "SIGQUIT": supported values: "SIGKILL", "SIGTERM"`,
    ],
    [
      "an expression that does not match the template's labels",
      { 'spec.selector': expression('NotIn', ['shop']) },
      MISMATCH,
    ],
    [
      'an expression without values',
      { 'spec.selector': expression('NotIn') },
      "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ],
    [
      'an expression with values that its operator does not take',
      { 'spec.selector': expression('Exists', ['shop']) },
      "spec.selector.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    ],
    [
      'an unknown operator',
      { 'spec.selector': expression('Like', ['shop']) },
      `[spec.selector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator, ${MISMATCH}]`,
    ],
    ["a selector that does not match the template's labels", { 'spec.selector.matchLabels.app': 'blog' }, MISMATCH],
    [
      'an unknown strategy',
      { 'spec.strategy.type': 'BlueGreen' },
      'spec.strategy: Unsupported value: {"Type":"BlueGreen","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"',
    ],
    [
      'limits for Recreate',
      { 'spec.strategy.type': 'Recreate', [`${LIMITS}.maxSurge`]: 1 },
      `${LIMITS}: Forbidden: may not be specified when strategy \`type\` is 'Recreate'`,
    ],
    [
      'limits that block every rollout',
      { [`${LIMITS}.maxSurge`]: 0, [`${LIMITS}.maxUnavailable`]: 0 },
      `${LIMITS}.maxUnavailable: Invalid value: 0: may not be 0 when \`maxSurge\` is 0`,
    ],
    [
      'percentages that block every rollout',
      { [`${LIMITS}.maxSurge`]: '0%', [`${LIMITS}.maxUnavailable`]: '0%' },
      `${LIMITS}.maxUnavailable: Invalid value: "0%": may not be 0 when \`maxSurge\` is 0`,
    ],
    ['a negative limit', { [`${LIMITS}.maxSurge`]: -1 }, `${LIMITS}.maxSurge: Invalid value: -1: ${NOT_NEGATIVE}`],
    [
      'a limit without its percent sign',
      { [`${LIMITS}.maxSurge`]: '1' },
      `${LIMITS}.maxSurge: Invalid value: "1": ${NO_PERCENTAGE}`,
    ],
    [
      'half a percent',
      { [`${LIMITS}.maxUnavailable`]: '0.5%' },
      `${LIMITS}.maxUnavailable: Invalid value: "0.5%": ${NO_PERCENTAGE}`,
    ],
    [
      'more than 100 % unavailable',
      { [`${LIMITS}.maxUnavailable`]: '101%' },
      `${LIMITS}.maxUnavailable: Invalid value: "101%": must not be greater than 100%`,
    ],
    ['a preStop sleep of 6 s with a grace period of 5 s', { [GRACE]: 5, ...sleep(6) }, sleepRefused(6, 5)],
    ['a preStop sleep above the default grace period', sleep(31), sleepRefused(31, 30)],
    ['a negative preStop sleep', { [GRACE]: 5, ...sleep(-1) }, sleepRefused(-1, 5)],
    [
      'a preStop hook without a handler',
      { [PRE_STOP]: {} },
      `${PRE_STOP}: Required value: must specify a handler type`,
    ],
    [
      'a preStop hook with two handlers',
      { [PRE_STOP]: { exec: { command: ['true'] }, sleep: { seconds: 5 } } },
      `${PRE_STOP}.sleep: Forbidden: may not specify more than 1 handler type`,
    ],
    [
      'a preStop hook without a command',
      { [PRE_STOP]: { exec: { command: [] } } },
      `${PRE_STOP}.exec.command: Required value`,
    ],
    [
      'a probe without a handler',
      { [`${APP}.readinessProbe`]: { periodSeconds: 1 } },
      `${APP}.readinessProbe: Required value: must specify a handler type`,
    ],
    [
      'a probe with two handlers',
      { [`${APP}.readinessProbe`]: { ...HTTP, tcpSocket: { port: 8080 } } },
      `${APP}.readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type`,
    ],
    [
      'a probe without a command',
      { [`${APP}.startupProbe`]: { exec: {} } },
      `${APP}.startupProbe.exec.command: Required value`,
    ],
    ...['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'].map(
      (field): [string, Changes, string] => [
        `a negative ${field}`,
        { [`${APP}.readinessProbe`]: { ...HTTP, [field]: -1 } },
        `${APP}.readinessProbe.${field}: Invalid value: -1: ${NOT_NEGATIVE}`,
      ],
    ),
    ...['livenessProbe', 'startupProbe'].map((probe): [string, Changes, string] => [
      `2 successes for the ${probe}`,
      { [`${APP}.${probe}`]: { ...HTTP, successThreshold: 2 } },
      `${APP}.${probe}.successThreshold: Invalid value: 2: must be 1`,
    ]),
    ...['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'].map((field): [string, Changes, string] => [
      `${field} of an init container that does not stay`,
      { [INIT]: [{ name: 'a', [field]: field === 'lifecycle' ? { preStop: { sleep: { seconds: 1 } } } : HTTP }] },
      `${INIT}[0].${field}: Forbidden: may not be set for init containers without restartPolicy=Always`,
    ]),
    [
      'a preStop sleep of a native sidecar above the grace period',
      {
        [GRACE]: 5,
        [INIT]: [{ name: 'a', restartPolicy: 'Always', lifecycle: { preStop: { sleep: { seconds: 6 } } } }],
      },
      `${INIT}[0].lifecycle.preStop.sleep: Invalid value: 6: must be non-negative and less than terminationGracePeriodSeconds (5)`,
    ],
    [
      'two invalid fields, naming both',
      { 'spec.replicas': -1, [GRACE]: 1, ...sleep(5) },
      `[spec.replicas: Invalid value: -1: ${NOT_NEGATIVE}, ${sleepRefused(5, 1)}]`,
    ],
  ];
  for (const [what, deployment, refusal] of table)
    test(what, () => {
      const message = `shop.yaml: The Deployment "shop" is invalid: ${refusal}`;
      assert.throws(() => admit(manifests({ deployment })), { constructor: InputError, message });
    });

  test('an unknown stop signal', () => {
    const deployment = { [STOP_SIGNAL]: 'QUIT', 'spec.template.spec.os.name': 'linux' };
    const message =
      /stopSignal: Unsupported value: "QUIT": supported values: "SIGABRT", .*"SIGRTMIN\+15", .*"SIGXFSZ"$/;
    assert.throws(() => admit(manifests({ deployment })), { constructor: InputError, message });
  });

  test('an invalid pod template of a StatefulSet', () => {
    const message = `shop.yaml: The StatefulSet "shop" is invalid: ${sleepRefused(31, 30)}`;
    assert.throws(() => admit(manifests({ deployment: { kind: 'StatefulSet', ...sleep(31) } })), { message });
  });

  test('an empty selector', () => {
    const message = /^shop\.yaml: .*spec\.selector: Invalid value: .*: empty selector is invalid for deployment/;
    assert.throws(() => admit(manifests({ deployment: { 'spec.selector': {} } })), {
      constructor: InputError,
      message,
    });
  });
});
