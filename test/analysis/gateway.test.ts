import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { causeOf, explanationOf } from '../../src/analysis/attribution.ts';
import type { CauseId } from '../../src/analysis/causes.ts';
import { closedByGateway, gatewayLagMs, hiddenRetries } from '../../src/analysis/gateway-effects.ts';
import type { GatewayRecord, PodRecord } from '../../src/trace/cluster-record.ts';
import type { FailedRequest } from '../../src/trace/load-record.ts';
import { DELETED, failed, history, pod, succeeded, type Timeline, view } from './story.ts';

const GATEWAY: GatewayRecord = { name: 'nginx', version: '1.31.3', upstream: 'pods' };
const OLD = { pod: 'old-1', router: 'nginx' };
const NOWHERE = { router: 'nginx' };
const SERVING = [pod('new-1')];
const NOBODY: PodRecord[] = [];
const BOTH = ['nginx -3000: old-1 new-1'];

/** The same request, which the gateway never read. */
function neverRead(request: FailedRequest): FailedRequest {
  return { ...request, attempts: request.attempts.map((attempt) => ({ ...attempt, notProcessed: true })) };
}

/** The same request, whose client got 504. */
function answered504(request: FailedRequest): FailedRequest {
  return { ...request, client: { ...request.client, error: 'status', status: 504 } };
}

/** The pod of the request and the other pods; what the gateway knew; the attempt that decided; its cause. */
type Case = [
  what: string,
  story: { old?: Timeline; others?: PodRecord[]; views?: string[] },
  request: FailedRequest,
  cause: CauseId,
];

const CASES: Case[] = [
  [
    'reset by a terminating pod on a connection that had been used: the gateway chose that pod',
    { old: DELETED.drainedWithoutDelay },
    failed('reused wait ECONNRESET', 1010, 1011, OLD),
    'routing-lag',
  ],
  [
    'the same, and the log does not say whether the connection had been used',
    { old: DELETED.drainedWithoutDelay },
    failed('unknown wait ECONNRESET', 1010, 1011, OLD),
    'routing-lag',
  ],
  [
    'refused by a terminating pod',
    { old: DELETED.drainedWithoutDelay },
    failed('fresh connect ECONNREFUSED', 1010, 1011, OLD),
    'routing-lag',
  ],
  [
    'in flight for long when the server died of SIGTERM',
    { old: DELETED.diedOfSigterm },
    failed('unknown wait ECONNRESET', 200, 1011, OLD),
    'no-graceful-shutdown',
  ],
  [
    'cut by SIGKILL while the pod drained',
    { old: DELETED.killedWhileDraining },
    failed('unknown wait closed', 500, 6006, OLD),
    'grace-too-short',
  ],
  [
    'an idle connection to a pod that stays ended as the request was sent',
    {},
    failed('reused wait closed', 3000, 3001, OLD),
    'keep-alive-race',
  ],
  [
    'an idle connection to the gateway itself ended: it never read the request',
    {},
    neverRead(failed('reused wait closed', 3000, 3001, NOWHERE)),
    'keep-alive-race',
  ],
  [
    'a new connection was reset by the gateway itself, which never read the request',
    {},
    neverRead(failed('fresh wait ECONNRESET', 3000, 3001, NOWHERE)),
    'gateway',
  ],
  [
    'its log is silent, and a pod that it knew was terminating',
    { old: DELETED.drainedWithoutDelay },
    failed('reused wait closed', 1003, 1004, NOWHERE),
    'routing-lag',
  ],
  ['its log is silent, and every pod stays', {}, failed('reused wait closed', 3000, 3001, NOWHERE), 'keep-alive-race'],
  [
    'it knew of no pod, and no pod served',
    { old: DELETED.diedOfSigterm, others: NOBODY, views: ['nginx 1000:'] },
    failed('fresh connect no-endpoint', 2000, 2000, NOWHERE),
    'capacity',
  ],
  [
    'it knew of no pod although one was ready already',
    { views: ['nginx -3000: old-1', 'nginx 1000:', 'nginx 2200: new-1'], old: DELETED.diedOfSigterm },
    failed('fresh connect no-endpoint', 2000, 2000, NOWHERE),
    'capacity',
  ],
  [
    'one of its workers did not know yet of the only pod',
    { views: ['nginx 1000:', 'nginx 1990: new-1'], old: DELETED.diedOfSigterm },
    failed('fresh connect no-endpoint', 2000, 2000, NOWHERE),
    'capacity',
  ],
  [
    'it knew of pods that served, and had set all of them aside',
    {},
    failed('fresh connect no-endpoint', 2000, 2000, NOWHERE),
    'gateway',
  ],
  [
    'a time limit of its own ended the wait for a pod that stays',
    {},
    answered504(failed('unknown wait timeout', 2000, 2500, OLD)),
    'gateway',
  ],
  ['the client gave up first', {}, failed('unknown wait timeout', 2000, 2500, OLD), 'unexplained'],
];

describe('the cause of a failure behind a gateway', () => {
  for (const [what, { old = {}, others = SERVING, views = BOTH }, request, cause] of CASES) {
    test(`${what}: ${cause}`, () => {
      const pods = [pod('old-1', old), ...others];
      const story = history(
        { pods, routerViews: views.map(view), gateway: GATEWAY },
        { failures: [request], successes: [succeeded(-30, 5), succeeded(-30, 5, 'new-1')] },
      );
      assert.equal(causeOf(request, story), cause);
    });
  }

  test('a time limit without a gateway is not called its decision', () => {
    const request = failed('unknown wait timeout', 2000, 2500, { pod: 'old-1', router: 'node1' });
    const story = history({ pods: [pod('old-1'), ...SERVING] }, { failures: [request] });
    assert.notEqual(causeOf(request, story), 'gateway');
  });
});

describe('a gateway on a cluster', () => {
  const TRAEFIK: GatewayRecord = { name: 'traefik', version: '3.7.15', upstream: 'pods', viewsAssumed: true };
  const SERVICE: GatewayRecord = { ...GATEWAY, upstream: 'service' };
  const none = (atMs: number, views: string[]) => {
    const request = failed('unknown connect no-endpoint', atMs, atMs, { router: 'traefik' });
    const pods = [pod('old-1', DELETED.drained), ...SERVING];
    const story = history({ pods, routerViews: views.map(view), gateway: TRAEFIK }, { failures: [request] });
    return causeOf(request, story);
  };

  test('acts on a change of its list later than is known: there was no pod in it', () => {
    const views = ['traefik -3000: old-1', 'traefik 1000:', 'traefik 2200: new-1'];
    assert.equal(none(1500, views), 'capacity');
    assert.equal(none(4000, views), 'capacity');
    assert.equal(none(5500, views), 'gateway');
  });

  test('says nothing of its lag, because its list was not seen', () => {
    const views = ['traefik -3000: old-1', 'traefik 1000: new-1'].map(view);
    const pods = [pod('old-1', DELETED.drained), ...SERVING];
    assert.equal(gatewayLagMs(history({ pods, routerViews: views, gateway: TRAEFIK })), undefined);
  });

  const behindService = (
    failure: Parameters<typeof failed>[0],
    startedMs: number,
    endedMs: number,
    clockBoundMs = 0,
  ) => {
    const request = failed(failure, startedMs, endedMs);
    request.attempts = [{ ...request.client, connection: { state: request.client.connection }, startedMs, endedMs }];
    const pods = [pod('old-1', DELETED.drainedWithoutDelay), ...SERVING];
    const routerViews = ['EndpointSlice -3000: old-1 new-1', 'EndpointSlice 1050: new-1'].map(view);
    return explanationOf(
      request,
      history({ pods, routerViews, gateway: SERVICE, clockBoundMs }, { failures: [request] }),
    );
  };

  test('behind the address of the Service, the cause is that of every pod and connection that it may have been', () => {
    assert.equal(behindService('fresh connect ECONNREFUSED', 1010, 1011).cause, 'routing-lag');
    assert.equal(behindService('reused wait closed', 999, 1003).cause, 'keep-alive-race');
    assert.equal(behindService('fresh wait ECONNRESET', 999, 1003).cause, 'routing-lag');
  });

  test('behind the address of the Service, what does not decide between causes leaves a choice', () => {
    assert.deepEqual(behindService('unknown wait ECONNRESET', 999, 1003), {
      cause: 'unexplained',
      undecided: ['routing-lag', 'keep-alive-race'],
    });
    assert.deepEqual(behindService('fresh wait ECONNRESET', 999, 1003).undecided, []);
  });

  test('a connection that began once the port was closed had been used, unless the clocks are too far apart', () => {
    assert.equal(behindService('unknown wait ECONNRESET', 1010, 1012).cause, 'keep-alive-race');
    assert.deepEqual(behindService('unknown wait ECONNRESET', 1010, 1012, 10).undecided, [
      'routing-lag',
      'keep-alive-race',
    ]);
  });

  test('a server may close its port a little before it says so', () => {
    assert.equal(behindService('fresh wait ECONNRESET', 995, 1000.5).cause, 'routing-lag');
  });

  test('what fits no cause leaves no choice', () => {
    const request = failed('unknown wait timeout', 2000, 2500, OLD);
    const story = history({ pods: [pod('old-1'), ...SERVING], routerViews: BOTH.map(view), gateway: GATEWAY });
    assert.deepEqual(explanationOf(request, story), { cause: 'unexplained', undecided: [] });
  });

  test('a request that it lost itself is not called a lack of pods, although it has no list', () => {
    const request = failed('reused wait closed', 3000, 3001, { router: 'nginx' });
    const routerViews = ['EndpointSlice -3000: old-1 new-1'].map(view);
    const story = history({ pods: [pod('old-1'), ...SERVING], routerViews, gateway: SERVICE }, { failures: [request] });
    assert.equal(causeOf(request, story), 'keep-alive-race');
  });
});

describe('what a gateway did', () => {
  const refused = failed('fresh connect ECONNREFUSED', 1010, 1011, OLD).attempts;
  const pods = [pod('old-1', DELETED.drainedWithoutDelay), ...SERVING];

  test('retries are counted by cause and method, the most first', () => {
    const retried = ['GET', 'POST', 'GET'].map((method, nth) => ({
      id: `r-${nth}`,
      method,
      startedMs: 1010,
      attempts: refused,
    }));
    const story = history({ pods, routerViews: BOTH.map(view), gateway: GATEWAY }, { retried });
    assert.deepEqual(hiddenRetries(story), [
      { cause: 'routing-lag', method: 'GET', requests: 2 },
      { cause: 'routing-lag', method: 'POST', requests: 1 },
    ]);
  });

  test('requests that it lost itself are those on idle connections to it', () => {
    const requests = [
      neverRead(failed('reused wait closed', 3000, 3001, NOWHERE)),
      neverRead(failed('fresh wait ECONNRESET', 3000, 3001, NOWHERE)),
      failed('reused wait closed', 3000, 3001, OLD),
      failed('reused wait closed', 3000, 3001, NOWHERE),
      failed('fresh connect no-endpoint', 3000, 3000, NOWHERE),
    ];
    const story = history({ pods: [pod('old-1'), ...SERVING], routerViews: BOTH.map(view), gateway: GATEWAY });
    assert.equal(closedByGateway(requests, story), 2);
  });

  test('its lag is the time from a deletion to its list without that pod', () => {
    const views = ['nginx -3000: old-1', 'nginx 900: old-1 new-1', 'nginx 1240: new-1'].map(view);
    assert.equal(gatewayLagMs(history({ pods, routerViews: views, gateway: GATEWAY })), 240);
    assert.equal(gatewayLagMs(history({ pods, routerViews: [], gateway: GATEWAY })), undefined);
  });
});
