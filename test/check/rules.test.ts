import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { CAUSE_IDS } from '../../src/analysis/causes.ts';
import { RULES, withUniqueIds } from '../../src/check/registry.ts';
import { APP, BUDGET, type Case, checked, goodText, POD } from './checked.ts';

type Table = [what: string, given: Case][];
interface Cases {
  /** Each with the expected message. */
  fails: [what: string, given: Case, message: RegExp][];
  passes: Table;
}

const HTTP = { httpGet: { path: '/', port: 8080 } };
const LIMITS = 'spec.strategy.rollingUpdate';
const PRE_STOP = `${APP}.lifecycle.preStop`;
const GRACE = `${POD}.terminationGracePeriodSeconds`;
const deployment = (changes: Record<string, unknown>): Case => ({ deployment: changes });
const command = (...words: string[]): Case => deployment({ [`${APP}.command`]: words });
const args = (...words: string[]): Case => deployment({ [`${APP}.args`]: words });
const dockerfile = (...lines: string[]): Case => ({ dockerfile: lines.join('\n') });
const exec = (...words: string[]) => ({ [PRE_STOP]: { exec: { command: words } } });
const autoscaler = (minReplicas?: number) => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'shop' },
  spec: { minReplicas, maxReplicas: 10, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' } },
});
const withAutoscaler = (minReplicas: number | undefined, changes: Record<string, unknown>): Case => ({
  deployment: changes,
  more: [BUDGET, autoscaler(minReplicas)],
});
const budget = (spec: object): Case => ({ more: [{ ...BUDGET, spec: { ...spec, selector: BUDGET.spec.selector } }] });
const statefulSet = (changes: Record<string, unknown>) =>
  deployment({ kind: 'StatefulSet', 'spec.strategy': undefined, ...changes });
const daemonSet = (changes: Record<string, unknown>) =>
  deployment({ kind: 'DaemonSet', 'spec.strategy': undefined, 'spec.replicas': undefined, ...changes });
const ownImage = (changes: Record<string, unknown>) =>
  deployment({ [`${APP}.image`]: 'registry.example:5000/team/k8s-rollout-test-bun:1.0', ...changes });
const env = (...entries: [name: string, value: string][]) => ({
  [`${APP}.env`]: entries.map(([name, value]) => ({ name, value })),
});
const proxy = (more: object = {}) => ({ [`${POD}.containers[1]`]: { name: 'proxy', image: 'proxy:1', ...more } });
/** A worker: no Service, no port and no probe, so nothing that receives requests. */
const worker = (changes: Record<string, unknown>): Case => ({
  deployment: { [`${APP}.ports`]: undefined, [`${APP}.readinessProbe`]: undefined, ...changes },
  service: { 'spec.selector.app': 'blog' },
});

const TABLE: Record<string, Cases> = {
  'no-rolling-update-strategy': {
    fails: [
      ['Recreate', deployment({ 'spec.strategy': { type: 'Recreate' } }), /all 3 pods .* write type: RollingUpdate/],
      [
        'Recreate with one replica',
        deployment({ 'spec.strategy': { type: 'Recreate' }, 'spec.replicas': 1 }),
        /the only pod .* write replicas: 3, type: RollingUpdate, maxSurge: 1, maxUnavailable: 0$/,
      ],
    ],
    passes: [
      ['RollingUpdate', {}],
      ['no strategy', deployment({ 'spec.strategy': undefined })],
      ['Recreate with no replicas', deployment({ 'spec.strategy': { type: 'Recreate' }, 'spec.replicas': 0 })],
      ['a StatefulSet with OnDelete', statefulSet({ 'spec.updateStrategy': { type: 'OnDelete' } })],
    ],
  },
  'rollout-takes-all': {
    fails: [
      ['100%', deployment({ [`${LIMITS}.maxUnavailable`]: '100%' }), /maxUnavailable 100% of 3 comes to 3: all 3 pods/],
      ['as many as replicas', deployment({ [`${LIMITS}.maxUnavailable`]: 3 }), /maxUnavailable 3 of 3/],
      [
        'one replica replaced in place',
        deployment({ 'spec.replicas': 1, [LIMITS]: { maxSurge: 0 } }),
        /maxSurge 0 leaves 1 of 1 to be unavailable: the only pod .* write maxSurge: 1, maxUnavailable: 0$/,
      ],
      [
        "as many as the autoscaler's minimum",
        withAutoscaler(2, { 'spec.replicas': undefined, [`${LIMITS}.maxUnavailable`]: 2 }),
        /maxUnavailable 2 of 2 \(minReplicas\) comes to 2/,
      ],
      [
        'a StatefulSet replaced at once',
        statefulSet({ 'spec.updateStrategy.rollingUpdate.maxUnavailable': 3 }),
        /all 3 pods may be deleted .* write maxUnavailable: 1$/,
      ],
      [
        'a DaemonSet replaced at once',
        daemonSet({ 'spec.updateStrategy.rollingUpdate.maxUnavailable': '100%' }),
        /the pods of all nodes/,
      ],
    ],
    passes: [
      ['99% of 3, which rounds down to 2', deployment({ [`${LIMITS}.maxUnavailable`]: '99%' })],
      ['the defaults with one replica', deployment({ 'spec.replicas': 1, 'spec.strategy': undefined })],
      ['a StatefulSet updated one by one', statefulSet({})],
      ['a DaemonSet updated node by node', daemonSet({})],
      ['no pods', deployment({ 'spec.replicas': 0, [`${LIMITS}.maxUnavailable`]: '100%' })],
      ['a worker', worker({ [`${LIMITS}.maxUnavailable`]: 3 })],
    ],
  },
  'host-port-blocks-surge': {
    fails: [
      ['a hostPort', deployment({ [`${APP}.ports[0].hostPort`]: 80 }), /host port 80 .* remove hostPort/],
      ['the host network', deployment({ [`${POD}.hostNetwork`]: true }), /host port 8080 .* remove hostNetwork/],
    ],
    passes: [
      ['no host port', {}],
      ['one pod may be unavailable', deployment({ [`${APP}.ports[0].hostPort`]: 80, [`${LIMITS}.maxUnavailable`]: 1 })],
    ],
  },
  'min-ready-seconds-zero': {
    fails: [
      ['0', deployment({ 'spec.minReadySeconds': 0 }), /write minReadySeconds: 5/],
      ['absent', deployment({ 'spec.minReadySeconds': undefined }), /minReadySeconds 0/],
    ],
    passes: [
      ['5', {}],
      ['no replicas', deployment({ 'spec.minReadySeconds': 0, 'spec.replicas': 0 })],
      ['a worker', worker({ 'spec.minReadySeconds': 0 })],
    ],
  },
  'deployment-replicas': {
    fails: [
      ['1', deployment({ 'spec.replicas': 1 }), /1 replica: .* write replicas: 3$/],
      ['absent', deployment({ 'spec.replicas': undefined }), /1 replica/],
    ],
    passes: [
      ['2', deployment({ 'spec.replicas': 2 })],
      ['0', deployment({ 'spec.replicas': 0 })],
      ['with an autoscaler', withAutoscaler(1, { 'spec.replicas': undefined })],
      ['a worker', worker({ 'spec.replicas': 1 })],
    ],
  },
  'horizontalpodautoscaler-replicas': {
    fails: [
      ['minReplicas 1', withAutoscaler(1, { 'spec.replicas': undefined }), /minReplicas 1: Deployment "shop"/],
      ['no minReplicas', withAutoscaler(undefined, { 'spec.replicas': undefined }), /write minReplicas: 3$/],
    ],
    passes: [
      ['minReplicas 2', withAutoscaler(2, { 'spec.replicas': undefined })],
      ['for another Deployment', { deployment: { 'metadata.name': 'blog' }, more: [BUDGET, autoscaler(1)] }],
    ],
  },
  'hpa-overrides-replicas': {
    fails: [['replicas beside it', withAutoscaler(3, {}), /each apply scales back to 3; remove spec\.replicas$/]],
    passes: [
      ['no replicas', withAutoscaler(3, { 'spec.replicas': undefined })],
      ['no autoscaler', {}],
    ],
  },
  'statefulset-one-replica': {
    fails: [['1', statefulSet({ 'spec.replicas': 1 }), /deletes the only pod before it starts the next one/]],
    passes: [
      ['2', statefulSet({ 'spec.replicas': 2 })],
      ['OnDelete', statefulSet({ 'spec.replicas': 1, 'spec.updateStrategy.type': 'OnDelete' })],
      ['a Deployment', deployment({ 'spec.replicas': 1 })],
    ],
  },
  'shutdown-disabled': {
    fails: [
      ['none', ownImage(env(['SHUTDOWN', 'none'])), /SHUTDOWN=none: SIGTERM is not handled/],
      ['exit', ownImage(env(['SHUTDOWN', 'exit'])), /SHUTDOWN=exit: SIGTERM ends the app immediately/],
      ['absent, which is none', ownImage({}), /SHUTDOWN=none/],
      ['the last of two', ownImage(env(['SHUTDOWN', 'drain'], ['SHUTDOWN', 'none'])), /SHUTDOWN=none/],
    ],
    passes: [
      ['drain', ownImage(env(['SHUTDOWN', 'drain']))],
      ['close', ownImage(env(['SHUTDOWN', 'close']))],
      ["another image's variable", deployment(env(['SHUTDOWN', 'none']))],
      [
        'an image with a longer name',
        deployment({ [`${APP}.image`]: 'k8s-rollout-test-node-exporter:1', ...env(['SHUTDOWN', 'none']) }),
      ],
    ],
  },
  'shell-pid1': {
    fails: [
      ['sh -c', command('sh', '-c', 'node server.js'), /write "exec node server\.js", or start the app without/],
      ['with a path and options', command('/bin/sh', '-ec', 'node server.js'), /sh -c "node server\.js" keeps/],
      ['steps before the app', command('sh', '-c', 'cd /app && node server.js'), /write exec before the app, as the/],
      ['a pipe, in bash', command('bash', '-c', 'node server.js | tee log'), /bash -c "node server\.js \| tee log"/],
      ['npm behind the shell', command('sh', '-c', 'npm start'), /start the app itself, as in \[node, server\.js\]$/],
      ['behind tini', command('tini', '--', 'sh', '-c', 'node server.js'), /keeps the shell/],
      ['in args', args('sh', '-c', 'node server.js'), /keeps the shell/],
      ['CMD in shell form', dockerfile('FROM node:24', 'CMD node server.js'), /^CMD: sh -c "node server\.js"/],
      ['ENTRYPOINT in shell form', dockerfile('FROM node:24', 'ENTRYPOINT node a.js', 'CMD ["b"]'), /^ENTRYPOINT: /],
      ['a malformed array', dockerfile('FROM node:24', "CMD ['node', 'a.js']"), /^CMD: /],
    ],
    passes: [
      ['exec', command('sh', '-c', 'exec node server.js')],
      ['exec after other steps', command('sh', '-c', 'set -e\ncd /app\nexec node server.js')],
      ['bash, which execs the last command', command('bash', '-c', 'cd /app && node server.js')],
      ['a script with traps', command('sh', '-c', 'trap "kill $p" TERM; node server.js & p=$!; wait')],
      ['no shell', command('node', 'server.js')],
      ['CMD in exec form', dockerfile('FROM node:24', 'CMD ["node", "server.js"]')],
      ['CMD in shell form with exec', dockerfile('FROM node:24', 'CMD exec node server.js')],
      ["Alpine's shell, which execs the last command", dockerfile('FROM node:24-alpine', 'CMD node server.js')],
      ['a stage that is not the last', dockerfile('FROM node:24 AS build', 'CMD npm start', 'FROM node:24')],
    ],
  },
  'npm-as-pid1': {
    fails: [
      ['npm', command('npm', 'start'), /"npm start" makes npm PID 1/],
      ['npm in args', args('npm', 'run', 'start'), /"npm run start"/],
      ['npx', command('/usr/local/bin/npx', 'serve'), /"npx serve" makes npm PID 1/],
      ['node --run', command('node', '--run', 'start'), /makes node --run PID 1/],
      ['exec npm', command('sh', '-c', 'exec npm start'), /npm start/],
      ['behind env and tini', command('tini', '--', 'env', 'A=b', 'npm', 'start'), /npm start/],
      ['CMD', dockerfile('FROM node:24', 'CMD ["npm", "start"]'), /^CMD: "npm start"/],
      ['ENTRYPOINT and CMD', dockerfile('FROM node:24', 'ENTRYPOINT ["npm"]', 'CMD ["start"]'), /^ENTRYPOINT: "npm"/],
      ["Alpine's shell", dockerfile('FROM node:24-alpine', 'CMD npm start'), /^CMD: "npm start"/],
    ],
    passes: [
      ['node', command('node', 'server.js')],
      ['bun run', command('bun', 'run', 'start')],
      ['deno task', command('deno', 'task', 'start')],
      ['npm as an argument', command('node', 'npm')],
      ['dumb-init, which signals all processes', command('dumb-init', 'npm', 'start')],
      ['tini -g, which signals all processes', command('tini', '-g', '--', 'npm', 'start')],
    ],
  },
  'yarn-or-pnpm-as-pid1': {
    fails: [
      ['yarn', command('yarn', 'start'), /makes yarn PID 1: Yarn 1 ends/],
      ['pnpm', command('pnpm', 'start'), /makes pnpm PID 1: pnpm up to 10 ends/],
      ['CMD', dockerfile('FROM node:24', 'CMD ["yarn", "start"]'), /^CMD: /],
    ],
    passes: [
      ['node', command('node', 'server.js')],
      ['npm, which another rule covers', command('npm', 'start')],
    ],
  },
  'entrypoint-script': {
    fails: [
      ['a script', command('/entrypoint.sh'), /"entrypoint\.sh" is PID 1: see that its last line/],
      ['a shell with a script', command('sh', '/start'), /"sh \/start" is PID 1/],
      [
        'ENTRYPOINT',
        dockerfile('FROM a', 'ENTRYPOINT ["/start.sh"]', 'CMD ["node", "a.js"]'),
        /^ENTRYPOINT: "start\.sh"/,
      ],
    ],
    passes: [
      ['a program', command('/app/server')],
      ['a script text', command('sh', '-c', 'exec node server.js')],
    ],
  },
  'share-process-namespace': {
    fails: [['true', deployment({ [`${POD}.shareProcessNamespace`]: true }), /the app is not PID 1/]],
    passes: [
      ['false', deployment({ [`${POD}.shareProcessNamespace`]: false })],
      ['absent', {}],
    ],
  },
  'grace-not-above-prestop-plus-drain': {
    fails: [
      [
        'as long as the preStop sleep',
        deployment({ [GRACE]: 5 }),
        /Seconds 5 is not above preStop 5 s; write at least 10/,
      ],
      [
        'as long as preStop and drain delay',
        { ...deployment({ [GRACE]: 7 }), options: { drainDelaySeconds: 2 } },
        /7 is not above preStop 5 s \+ drain delay 2 s = 7 s; write at least 12/,
      ],
      [
        'as long as preStop, drain delay and the longest request',
        { ...deployment({ [GRACE]: 11 }), options: { drainDelaySeconds: 2, longestRequestSeconds: 4 } },
        /11 is not above preStop 5 s \+ drain delay 2 s \+ the longest request 4 s = 11 s; write at least 16$/,
      ],
      [
        'the default',
        { ...deployment({}), options: { longestRequestSeconds: 60 } },
        /Seconds 30 \(the default\) is not above preStop 5 s \+ the longest request 60 s = 65 s; write at least 70$/,
      ],
      ["a shell's sleep", deployment({ ...exec('sh', '-c', 'sleep 40'), [GRACE]: 30 }), /30 is not above preStop 40 s/],
      [
        'no room for the missing preStop hook',
        deployment({ [PRE_STOP]: undefined, [GRACE]: 5 }),
        /5 is not above the missing preStop hook's 5 s/,
      ],
      ['0', deployment({ [PRE_STOP]: undefined, [GRACE]: 0 }), /0 is not above 0: pods are killed immediately/],
      [
        "the drain delay of this project's images",
        ownImage({ [GRACE]: 7, ...env(['SHUTDOWN', 'drain'], ['DRAIN_DELAY_MS', '2000']) }),
        /preStop 5 s \+ drain delay 2 s = 7 s/,
      ],
      ["a worker's hook", worker({ [GRACE]: 5 }), /5 is not above preStop 5 s/],
    ],
    passes: [
      ['a second above', deployment({ [GRACE]: 6 })],
      [
        'a second above all three',
        {
          ...deployment({ [GRACE]: 12 }),
          options: { drainDelaySeconds: 2, longestRequestSeconds: 4 },
        },
      ],
      [
        'a hook of unknown length',
        deployment({ [PRE_STOP]: { httpGet: { path: '/stop', port: 'http' } }, [GRACE]: 1 }),
      ],
      ['a short one of a worker without a hook', worker({ [PRE_STOP]: undefined, [GRACE]: 1 })],
      ['a sleep that the API server rejects', deployment({ [GRACE]: 4 })],
      ["another image's drain delay", deployment({ [GRACE]: 7, ...env(['DRAIN_DELAY_MS', '2000']) })],
    ],
  },
  'no-prestop': {
    fails: [
      ['none', deployment({ [PRE_STOP]: undefined }), /"app" has no preStop hook: .* write preStop: \{sleep: /],
      [
        'a drain delay of a second',
        { ...deployment({ [PRE_STOP]: undefined }), options: { drainDelaySeconds: 1 } },
        /no preStop hook/,
      ],
    ],
    passes: [
      ['a sleep', {}],
      ['a request', deployment({ [PRE_STOP]: { httpGet: { path: '/stop', port: 'http' } } })],
      ['a drain delay of 2 s', { ...deployment({ [PRE_STOP]: undefined }), options: { drainDelaySeconds: 2 } }],
      ['a worker', worker({ [PRE_STOP]: undefined })],
      ['a sidecar', deployment(proxy())],
    ],
  },
  'prestop-too-short': {
    fails: [
      ['1 s', deployment({ [PRE_STOP]: { sleep: { seconds: 1 } } }), /in service for 1 s .* up to about 2 s/],
      ['a command', deployment(exec('sleep', '0.5')), /for 0\.5 s/],
    ],
    passes: [
      ['2 s', deployment({ [PRE_STOP]: { sleep: { seconds: 2 } } })],
      [
        '1 s and a drain delay',
        {
          ...deployment({ [PRE_STOP]: { sleep: { seconds: 1 } } }),
          options: { drainDelaySeconds: 1 },
        },
      ],
      ['a command of unknown length', deployment(exec('/drain'))],
      ['several sleeps', deployment(exec('sh', '-c', 'sleep 1; nginx -s quit; sleep 1'))],
      ['minutes', deployment({ ...exec('sleep', '1m'), [GRACE]: 100 })],
      ['a variable', deployment(exec('sh', '-c', 'sleep $SECONDS_TO_STAY'))],
    ],
  },
  'prestop-exec-needs-missing-binary': {
    fails: [
      [
        'distroless',
        deployment({ ...exec('sleep', '5'), [`${APP}.image`]: 'gcr.io/distroless/nodejs24-debian12' }),
        /runs sleep, which the image gcr\.io\/distroless\/nodejs24-debian12 lacks/,
      ],
      [
        'FROM scratch',
        { ...deployment(exec('/bin/sh', '-c', 'sleep 5')), dockerfile: 'FROM scratch\nENTRYPOINT ["/app"]' },
        /runs \/bin\/sh, which the image scratch lacks/,
      ],
    ],
    passes: [
      ['the sleep action', deployment({ [`${APP}.image`]: 'gcr.io/distroless/nodejs24-debian12' })],
      ['an image with a shell', deployment({ ...exec('sleep', '5'), [`${APP}.image`]: 'node:24-slim' })],
      ['a program of the app', deployment({ ...exec('/drain'), [`${APP}.image`]: 'gcr.io/distroless/static' })],
      [
        'the variant with a shell',
        deployment({ ...exec('sleep', '5'), [`${APP}.image`]: 'cgr.dev/chainguard/node:latest-dev' }),
      ],
    ],
  },
  'prestop-exec-instead-of-sleep': {
    fails: [
      ['sleep', deployment(exec('sleep', '5')), /needs sleep .* write preStop: \{sleep: \{seconds: 5\}\}/],
      ['a shell', deployment(exec('/bin/sh', '-c', 'sleep 7.5')), /needs \/bin\/sh .* \{seconds: 8\}/],
    ],
    passes: [
      ['the sleep action', {}],
      ['a sleep that is too short, which another rule covers', deployment(exec('sleep', '1'))],
      ['a command that does more', deployment(exec('sh', '-c', 'sleep 5 && nginx -s quit'))],
    ],
  },
  'no-readiness-probe': {
    fails: [
      ['none', deployment({ [`${APP}.readinessProbe`]: undefined }), /"app" has no readiness probe/],
      [
        'only liveness',
        deployment({ [`${APP}.readinessProbe`]: undefined, [`${APP}.livenessProbe`]: HTTP }),
        /no readiness probe/,
      ],
      [
        'no port declared, but a Service',
        deployment({ [`${APP}.readinessProbe`]: undefined, [`${APP}.ports`]: undefined }),
        /no readiness probe/,
      ],
    ],
    passes: [
      ['a readiness probe', {}],
      [
        'a startup probe, which is enough for the start',
        deployment({ [`${APP}.readinessProbe`]: undefined, [`${APP}.startupProbe`]: HTTP }),
      ],
      ['a sidecar without one', deployment(proxy({ ports: [{ containerPort: 9090 }] }))],
      ['a worker', worker({})],
    ],
  },
  'pod-probes-identical': {
    fails: [
      [
        'the same',
        deployment({ [`${APP}.readinessProbe`]: HTTP, [`${APP}.livenessProbe`]: HTTP }),
        /is killed after 30 s of failing .* out of service after 30 s/,
      ],
      [
        'liveness fails even sooner',
        deployment({ [`${APP}.readinessProbe`]: HTTP, [`${APP}.livenessProbe`]: { ...HTTP, periodSeconds: 1 } }),
        /killed after 3 s/,
      ],
    ],
    passes: [
      [
        'liveness fails later',
        deployment({ [`${APP}.readinessProbe`]: HTTP, [`${APP}.livenessProbe`]: { ...HTTP, failureThreshold: 4 } }),
      ],
      [
        'another path',
        deployment({
          [`${APP}.readinessProbe`]: HTTP,
          [`${APP}.livenessProbe`]: { httpGet: { path: '/healthz', port: 8080 } },
        }),
      ],
      ['no liveness', {}],
    ],
  },
  'readiness-probe-slow': {
    fails: [['the defaults', deployment({ [`${APP}.readinessProbe`]: HTTP }), /for 30 s .* \(3 failures 10 s apart\)/]],
    passes: [['2 failures 1 s apart', {}]],
  },
  'sidecar-stops-first': {
    fails: [['a second container without a hook', deployment(proxy()), /"proxy" gets SIGTERM while "app" is still/]],
    passes: [
      ['one container', {}],
      ['a sidecar with a hook', deployment(proxy({ lifecycle: { preStop: { sleep: { seconds: 10 } } } }))],
      [
        'a native sidecar',
        deployment({ [`${POD}.initContainers[0]`]: { name: 'proxy', image: 'proxy:1', restartPolicy: 'Always' } }),
      ],
      ['nothing stays in service', deployment({ ...proxy(), [PRE_STOP]: undefined })],
    ],
  },
  'session-affinity-pins-dying-pod': {
    fails: [
      [
        'ClientIP and no hook',
        { deployment: { [PRE_STOP]: undefined }, service: { 'spec.sessionAffinity': 'ClientIP' } },
        /^Service "shop": sessionAffinity ClientIP keeps sending a client to a terminating pod of Deployment "shop"/,
      ],
    ],
    passes: [
      ['ClientIP and a hook', { service: { 'spec.sessionAffinity': 'ClientIP' } }],
      ['no affinity', deployment({ [PRE_STOP]: undefined })],
    ],
  },
  'external-traffic-policy-local': {
    fails: [['Local', { service: { 'spec.externalTrafficPolicy': 'Local' } }, /^Service "shop": .* must outlast/]],
    passes: [
      ['Cluster', { service: { 'spec.externalTrafficPolicy': 'Cluster' } }],
      ['a Service of other pods', { service: { 'spec.externalTrafficPolicy': 'Local', 'spec.selector.app': 'blog' } }],
    ],
  },
  'missing-pod-disruption-budget': {
    fails: [
      ['none', { more: [] }, /may evict all 3 at once \(a rollout is not limited by it\)/],
      [
        'one in another namespace',
        { more: [{ ...BUDGET, metadata: { name: 'shop', namespace: 'blog' } }] },
        /no PodDisruptionBudget/,
      ],
    ],
    passes: [
      ['one', {}],
      [
        'one with matchExpressions',
        {
          more: [
            { ...BUDGET, spec: { selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['shop'] }] } } },
          ],
        },
      ],
      ['a single pod', { deployment: { 'spec.replicas': 1 }, more: [] }],
    ],
  },
  'pdb-disruptions-is-zero': {
    fails: [
      ['maxUnavailable 0', budget({ maxUnavailable: 0 }), /maxUnavailable 0 of 3 allows no eviction/],
      ['minAvailable as many as replicas', budget({ minAvailable: 3 }), /minAvailable 3 of 3/],
      ['minAvailable that rounds up to all', budget({ minAvailable: '70%' }), /minAvailable 70% of 3/],
      ['all of them', budget({ minAvailable: '100%' }), /minAvailable 100%/],
    ],
    passes: [
      ['maxUnavailable 1', {}],
      ['minAvailable 2', budget({ minAvailable: 2 })],
      ['maxUnavailable 1%, which rounds up', budget({ maxUnavailable: '1%' })],
    ],
  },
  'refused-by-api-server': {
    fails: [
      [
        'a preStop sleep above the grace period',
        deployment({ [GRACE]: 4 }),
        /refuses spec\.template\.spec\.containers\[0\]\.lifecycle\.preStop\.sleep: Invalid value: 5: must be non-negative and less than terminationGracePeriodSeconds \(4\)/,
      ],
      ['of a StatefulSet too', statefulSet({ [GRACE]: 4 }), /^StatefulSet "shop": .* less than termination/],
      [
        'limits of 0',
        deployment({ [LIMITS]: { maxSurge: 0, maxUnavailable: 0 } }),
        /may not be 0 when `maxSurge` is 0/,
      ],
    ],
    passes: [
      ['a valid manifest', {}],
      ['an equal sleep', deployment({ [GRACE]: 5 })],
      ['a DaemonSet', daemonSet({})],
    ],
  },
  'unreadable-document': {
    fails: [
      ['a document that is no YAML', { yaml: `${goodText()}---\na: [\n` }, /^not valid YAML: /],
      ['a document that is no object', { yaml: `${goodText()}---\na: 1\n` }, /^not a Kubernetes object: apiVersion /],
    ],
    passes: [['an empty document', { yaml: `---\n# nothing\n---\n${goodText()}` }]],
  },
  'removed-api-version': {
    fails: [
      [
        'a Deployment of an old version',
        deployment({ apiVersion: 'extensions/v1beta1' }),
        /^Deployment "shop": Kubernetes 1\.16 removed extensions\/v1beta1; write apiVersion: apps\/v1$/,
      ],
    ],
    passes: [['apps/v1', {}]],
  },
  'duplicate-key': {
    fails: [
      [
        'replicas twice',
        { yaml: goodText().replace('replicas: 3', 'replicas: 3\n  replicas: 5') },
        /^"replicas" is written twice: kubectl keeps this value and drops that of line 6; remove one$/,
      ],
    ],
    passes: [
      ['merge keys', { yaml: goodText().replace('app: shop\n', 'app: shop\n      <<: {a: b}\n      <<: {c: d}\n') }],
    ],
  },
};

describe('the patch of a finding', () => {
  const patchOf = (id: string, given: Case) => {
    const finding = checked(given).findings.find(({ rule }) => rule === id);
    const [container] = parse(finding?.fix ?? '').spec.template.spec.containers;
    return container;
  };

  test("adds exec to the shell's script and keeps the other words", () => {
    assert.deepEqual(patchOf('shell-pid1', command('/bin/sh', '-ec', 'node a.js "$@"', 'x')), {
      name: 'app',
      command: ['/bin/sh', '-ec', 'exec node a.js "$@"', 'x'],
    });
    const split = deployment({ [`${APP}.command`]: ['sh', '-c'], [`${APP}.args`]: ['node a.js'] });
    assert.deepEqual(patchOf('shell-pid1', split), { name: 'app', args: ['exec node a.js'] });
  });

  test('replaces a sleep command by the sleep action', () => {
    const sleeps = { name: 'app', lifecycle: { preStop: { exec: null, sleep: { seconds: 5 } } } };
    assert.deepEqual(patchOf('prestop-too-short', deployment(exec('sleep', '1'))), sleeps);
    assert.deepEqual(patchOf('prestop-exec-instead-of-sleep', deployment(exec('sleep', '5'))), sleeps);
  });
});

describe('the registry', () => {
  test('has unique ids, and rejects duplicates', () => {
    assert.equal(new Set(RULES.map(({ id }) => id)).size, RULES.length);
    const [first] = RULES;
    assert.ok(first);
    assert.throws(() => withUniqueIds([...RULES, first]), /two rules have the id "no-rolling-update-strategy"/);
  });

  test('shares no id with the causes, which explain accepts too', () => {
    assert.deepEqual(
      RULES.filter(({ id }) => CAUSE_IDS.some((cause) => cause === id)),
      [],
    );
  });

  test('has a failing and a passing manifest here for every rule, and no others', () => {
    assert.deepEqual(Object.keys(TABLE).sort(), RULES.map(({ id }) => id).sort());
    for (const [id, { fails, passes }] of Object.entries(TABLE)) assert.ok(fails.length * passes.length > 0, id);
  });

  test('has no findings for the Deployment that the tests start from', () => {
    assert.deepEqual(checked({}).findings, []);
  });
});

for (const [id, { fails, passes }] of Object.entries(TABLE)) {
  describe(id, () => {
    for (const [what, given, message] of fails) {
      test(`finds: ${what}`, () => {
        const found = checked(given).findings.filter(({ rule }) => rule === id);
        assert.equal(found.length, 1, JSON.stringify(checked(given).findings, null, 2));
        const [finding] = found;
        assert.ok(finding);
        assert.match(finding.message, message);
        assert.doesNotMatch(finding.message, /\n/);
        assert.ok(finding.position, 'it has a line');
        const { severity, cause } = RULES.find((rule) => rule.id === id) ?? assert.fail();
        assert.deepEqual([finding.severity, finding.cause], [severity, cause]);
      });
    }
    for (const [what, given] of passes) {
      test(`passes: ${what}`, () => {
        const found = checked(given).findings.filter(({ rule }) => rule === id);
        assert.deepEqual(found, []);
      });
    }
  });
}
