/** What the builtin load writes, with and without a gateway that serves other hosts too. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Endpoint } from '../../src/clusters/cluster.ts';
import { requestTextOf, sessionText } from '../../src/load/builtin/request-text.ts';
import type { RequestScenario, SessionScenario } from '../../src/load/request-mix.ts';

const ENDPOINT: Endpoint = { pod: { uid: 'p', name: 'p' }, host: '10.0.0.7', port: 8080, reachable: true };
const LIMITS = { connections: 1, timeoutMs: 1000 };
const REQUEST: RequestScenario = {
  name: 'any',
  method: 'GET',
  path: '/',
  connection: 'keep-alive',
  ratePerSecond: 1,
  ...LIMITS,
};
const EVENTS: SessionScenario = { name: 'events', connection: 'events', path: '/events', ...LIMITS };
const HOST = 'trial-1.example.com';

const first = (text: string, lines: number) => text.split('\r\n').slice(0, lines);

describe('a request', () => {
  test('has the address of the endpoint and the path as it is', () => {
    const text = requestTextOf(REQUEST)('r-1', ENDPOINT);
    assert.deepEqual(first(text, 3), ['GET / HTTP/1.1', 'host: 10.0.0.7:8080', 'x-request-id: r-1']);
  });

  test('to a virtual host has that, and its id in the query', () => {
    const textOf = requestTextOf(REQUEST, HOST);
    for (const id of ['r-1', 'r-2']) {
      const head = [`GET /?rollout-test-request=${id} HTTP/1.1`, `host: ${HOST}`, `x-request-id: ${id}`];
      assert.deepEqual(first(textOf(id, ENDPOINT), 3), head);
      assert.deepEqual(first(textOf(id, undefined), 3), head);
    }
  });

  test('to a virtual host keeps its query, its method and its body', () => {
    const scenario = { ...REQUEST, method: 'POST', path: '/work?ms=5', body: '{"a":"é"}' } as const;
    const plain = requestTextOf(scenario)('r-1', ENDPOINT).split('\r\n');
    const virtual = requestTextOf(scenario, HOST)('r-1', ENDPOINT).split('\r\n');
    assert.equal(virtual[0], 'POST /work?ms=5&rollout-test-request=r-1 HTTP/1.1');
    assert.deepEqual(virtual.slice(2), plain.slice(2));
    assert.ok(virtual.includes('content-length: 10'), virtual.join());
  });
});

describe('the request that opens a session', () => {
  for (const connection of ['events', 'websocket'] as const) {
    test(`of kind ${connection}`, () => {
      const scenario = { ...EVENTS, connection };
      const plain = sessionText(scenario, { id: 's-1', endpoint: ENDPOINT }, 'key').split('\r\n');
      const virtual = sessionText(scenario, { id: 's-1', endpoint: ENDPOINT, virtualHost: HOST }, 'key').split('\r\n');
      assert.deepEqual(plain.slice(0, 2), ['GET /events HTTP/1.1', 'host: 10.0.0.7:8080']);
      assert.deepEqual(virtual.slice(0, 2), ['GET /events?rollout-test-request=s-1 HTTP/1.1', `host: ${HOST}`]);
      assert.deepEqual(virtual.slice(2), plain.slice(2));
    });
  }
});
