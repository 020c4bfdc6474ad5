/** Which servers and gateways race, by their limits. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { GATEWAYS, gatewayLimit } from '../../src/idle-limits/gateways.ts';
import { advisedServerSeconds, keepsLonger, keepsText, racingGateways } from '../../src/idle-limits/races.ts';
import { SERVERS } from '../../src/idle-limits/servers.ts';
import { projectFile } from '../../src/project-file.ts';
import { IDLE_RESULT, LOST_RESULT, type MeasuredIdle, type MeasuredLost } from '../../tools/gateways/idle-result.ts';

describe('a gateway that keeps a connection for longer than the server', () => {
  const table: [what: string, keepsMs: number | undefined, closesAfterMs: number, expected: boolean][] = [
    ['longer', 60_000, 6100, true],
    ['just as long', 60_000, 60_000, true],
    ['shorter by half a second, which is too close', 60_000, 60_500, true],
    ['shorter by a second', 60_000, 61_000, false],
    ['shorter', 4000, 6100, false],
    ['for no fixed time', undefined, 600_000, true],
  ];
  for (const [what, keepsMs, closesAfterMs, expected] of table) {
    test(what, () => assert.equal(keepsLonger(keepsMs, closesAfterMs), expected));
  }
});

test('a limit of 65 s is safe behind the gateways that keep connections for 60 s', () => {
  const racing = racingGateways(65_000).map(({ id }) => id);
  assert.deepEqual(racing, ['haproxy', 'traefik', 'caddy', 'envoy', 'google-alb']);
});

test('the advice for a gateway ends its race', () => {
  for (const { keepsMs } of GATEWAYS) {
    const seconds = advisedServerSeconds(keepsMs);
    if (seconds !== undefined) assert.ok(!keepsLonger(keepsMs, seconds * 1000));
  }
});

test('the limits of the gateways are those of the committed result', () => {
  const measured: MeasuredIdle[] = JSON.parse(readFileSync(projectFile(IDLE_RESULT), 'utf8'));
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  for (const { gateway, version, watchedMs, closedAfterMs } of measured) {
    const [shortest, longest] = [closedAfterMs[0], closedAfterMs.at(-1)];
    const middle = closedAfterMs[closedAfterMs.length >> 1] ?? 0;
    const closedAfter =
      shortest === undefined || longest === undefined
        ? `open after ${watchedMs / 1000} s`
        : longest - shortest > 1000
          ? `${seconds(shortest)} to ${seconds(longest)} s`
          : `${seconds(middle)} s`;
    assert.deepEqual(GATEWAYS.find(({ id }) => id === gateway)?.measured, { version, closedAfter });
  }
});

test('what becomes of a request on a connection that ends is that of the committed result', () => {
  const measured: MeasuredLost[] = JSON.parse(readFileSync(projectFile(LOST_RESULT), 'utf8'));
  assert.equal(measured.length, 2 * GATEWAYS.filter(({ lost }) => lost).length);
  for (const { gateway, version, method, outcomes } of measured) {
    const lost = GATEWAYS.find(({ id }) => id === gateway)?.lost;
    const [outcome, ...others] = Object.keys(outcomes);
    assert.deepEqual(others, []);
    assert.equal(lost?.version, version);
    const said = method === 'GET' || lost?.post === 'the same' ? lost?.get : lost?.post;
    assert.ok(said?.startsWith(outcome === 'closed' ? 'a closed connection' : String(outcome)), `${gateway} ${method}`);
  }
});

test('the limits of the servers are those of the committed result', () => {
  const { servers } = JSON.parse(readFileSync(projectFile('docs/results/conformance.json'), 'utf8'));
  for (const { id, version, closesAfterMs, observedMs, announcedSeconds } of SERVERS) {
    const { versions, cases } = servers.find((server: { id: string }) => server.id === `hono-${id}`);
    const { seen } = cases.find((one: { id: string }) => one.id === 'idle-limit');
    assert.match(versions, new RegExp(`^${id} ${version},`));
    assert.ok(
      seen.startsWith(closesAfterMs ? `closed ${closesAfterMs / 1000} s` : `open after ${observedMs / 1000} s`),
    );
    assert.equal(/timeout=(\d+)/.exec(seen)?.[1], announcedSeconds?.toString());
  }
});

test('every limit has an id of its own and a source', () => {
  for (const list of [GATEWAYS, SERVERS]) assert.equal(new Set(list.map(({ id }) => id)).size, list.length);
  for (const { source, setting } of GATEWAYS) assert.ok(source.length > 10 && setting.length > 5);
  assert.equal(gatewayLimit('traefik').keepsMs, 90_000);
});

test('times are written as people say them', () => {
  const written = [500, 4000, 60_000, 90_000, 120_000, 600_000, 3_600_000, undefined].map(keepsText);
  assert.deepEqual(written, ['0.5 s', '4 s', '60 s', '90 s', '2 min', '10 min', '1 h', 'no fixed time']);
});
