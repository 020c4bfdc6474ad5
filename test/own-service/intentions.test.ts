/** How `run --on kubernetes` describes a preStop hook and the load before it begins. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LiveService } from '../../src/clusters/kubernetes/live-service.ts';
import type { LifecycleHandler } from '../../src/kubernetes-rules/objects.ts';
import { type RequestSettings, requestMixFromSettings } from '../../src/load/request-settings.ts';
import { hookText, intentions, loadInWords } from '../../src/own-service/intentions.ts';
import type { PlannedDisruption } from '../../src/trace/disruption.ts';
import { manifests, type Shape } from '../engine/manifests.ts';
import { MIX } from '../trials/scripted.ts';

const table: [hook: LifecycleHandler | undefined, words: string][] = [
  [undefined, 'none'],
  [{ sleep: { seconds: 5 } }, 'sleep 5 s'],
  [{ exec: { command: ['nginx', '-s', 'quit'] } }, 'exec nginx -s quit'],
  [
    {
      exec: { command: ['sh', '-c', 'while true; do\n  curl localhost:9090/drain\n  sleep 1 && echo once more\ndone'] },
    },
    'exec sh -c while true; do curl localhost:9090/drain sleep 1 && e…',
  ],
  [{ httpGet: { port: 'web', path: '/', scheme: 'HTTP' } }, 'httpGet http://POD:web/'],
  [{ httpGet: { port: 8443, path: 'drain', scheme: 'HTTPS', host: 'lb' } }, 'httpGet https://lb:8443/drain'],
  [{ tcpSocket: { port: 1 } }, 'tcpSocket, which the kubelet does not support'],
];
for (const [hook, words] of table) test(words, () => assert.equal(hookText(hook), words));

describe('the load', () => {
  const loads: [settings: RequestSettings, words: string][] = [
    [{}, 'sends 200 requests per second to http://shop/'],
    [{ scenarios: ['events'], path: '/news', sessions: 1 }, 'holds 1 event stream open at http://shop/news'],
    [
      { scenarios: ['fresh', 'websocket'], wsPath: '/ws' },
      'sends 200 requests per second to http://shop/, holds 100 WebSockets open at http://shop/ws',
    ],
  ];
  for (const [settings, words] of loads) {
    test(words, () => assert.equal(loadInWords(requestMixFromSettings(settings), 'http://shop/'), words));
  }
});

function said(disruption: PlannedDisruption, shape: Shape = {}, repeats = 1): string[] {
  const { kind = 'Deployment', replicas = 2 } = shape;
  const service = {
    api: { context: 'here' },
    reference: { kind, name: 'web', namespace: 'shop' },
    url: 'http://shop',
    manifests: manifests({ ...shape, replicas }),
    replicas,
  } as LiveService;
  return intentions(service, { requestMix: MIX, repeats, disruption });
}

describe('before it touches a workload, run says', () => {
  const table: [what: string, disruption: PlannedDisruption, words: RegExp][] = [
    ['a restart', { kind: 'rollout' }, /^2\. restarts the Deployment web once, as kubectl rollout restart does/],
    [
      'a drain, and whom it affects',
      { kind: 'drain', node: 'n1' },
      /^2\. cordons node n1 and evicts ALL pods on it, those/,
    ],
    ['a scale-down, and its undoing', { kind: 'scale-down', replicas: 1 }, /down to 1 once, and back afterwards$/],
    [
      'a kill, and the privileged pod',
      { kind: 'restart' },
      /with SIGKILL once, from a privileged pod in shop that sees/,
    ],
    ['an eviction', { kind: 'evict' }, /^2\. evicts one pod of the Deployment web once; PodDisruptionBudgets/],
    ['a deletion', { kind: 'delete-pod' }, /^2\. deletes one pod of the Deployment web once$/],
    ['a rollback', { kind: 'rollback' }, /^2\. restarts the Deployment web, waits, and rolls that back, once/],
    ['a bad version', { kind: 'bad-version' }, /a readiness gate that nobody sets, waits for the progress deadline/],
    ['a command', { kind: 'command', command: 'helm upgrade' }, /^2\. runs once: helm upgrade$/],
  ];
  for (const [what, disruption, words] of table) test(what, () => assert.match(said(disruption)[3] ?? '', words));

  test('how often', () => assert.match(said({ kind: 'evict' }, {}, 3)[3] ?? '', /Deployment web 3 times; /));

  test('the pods and the strategy of a DaemonSet', () => {
    const [, pods] = said({ kind: 'rollout' }, { kind: 'DaemonSet', replicas: 1 });
    assert.match(pods ?? '', /^ {2}1 pod; RollingUpdate, maxSurge 0, maxUnavailable 1; grace period 30 s; /);
  });
});
