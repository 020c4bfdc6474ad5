/** How `run --on kubernetes` describes a preStop hook and the load before it begins. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LifecycleHandler } from '../../src/kubernetes-rules/objects.ts';
import { type RequestSettings, requestMixFromSettings } from '../../src/load/request-settings.ts';
import { hookText, loadInWords } from '../../src/own-service/intentions.ts';

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
