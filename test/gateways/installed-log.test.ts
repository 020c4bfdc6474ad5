import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { InstalledLog } from '../../src/gateways/installed/installed-log.ts';
import { requestIdIn, withRequestId } from '../../src/gateways/installed/request-id.ts';
import type { LoggedRequest } from '../../src/gateways/request-log.ts';

/** Written by nginx 1.31.3, HAProxy 2.8.25, Traefik 3.7.15, Envoy 1.40.0 and Caddy 2.11.7 with each format. */
function linesOf(format: string): string[] {
  return readFileSync(new URL(`../fixtures/installed-logs/${format}.txt`, import.meta.url), 'utf8').split('\n');
}

function readAll(lines: readonly string[]): readonly LoggedRequest[] {
  const log = new InstalledLog();
  for (const line of lines) log.read(line);
  return log.requests();
}

/** "502: 10.0.0.7:80 fresh connect ECONNREFUSED; …", with "-" for what is absent, and the status of an attempt last. */
function summary({ status, attempts }: LoggedRequest): string {
  const parts = attempts.map(({ address = '-', connection, phase, error = '-', status: answered }) =>
    [address.replace('127.0.0.1:', ':'), connection.state, phase, error, ...(answered ? [answered] : [])].join(' '),
  );
  return `${status ?? '-'}: ${parts.join('; ')}`;
}

/** What each request in a log came to, by its id. Requests that succeeded at once are not kept. */
const LOGS: Record<string, Record<string, string>> = {
  'nginx-upstreaminfo': {
    'n-reset-1': '502: :21102 unknown wait ECONNRESET',
    'n-close-1': '502: :21103 unknown wait closed',
    'n-hang-1': '504: :21104 unknown wait timeout',
    'n-cut-1': '200: :21105 unknown receive closed',
    'n-refused-1': '502: :21109 fresh connect ECONNREFUSED',
    'n-retry-1': '200: :21109 fresh connect ECONNREFUSED; :21101 unknown receive - 200',
    'n-again-1': '502: :21109 fresh connect ECONNREFUSED; :21102 unknown wait ECONNRESET',
    'n-dead-1': '502: :21109 fresh connect ECONNREFUSED; :21108 fresh connect ECONNREFUSED',
    'n-again-2': '502: :21102 unknown wait ECONNRESET',
    'n-dead-2': '502: - unknown connect no-endpoint',
    'n-left-1': '-: :21104 unknown receive -',
    'n-503': '503: :21101 unknown receive - 503',
  },
  'nginx-combined': {
    'n-reset-1': '502: :21102 unknown wait ECONNRESET',
    'n-close-1': '502: :21103 unknown wait closed',
    'n-hang-1': '504: :21104 unknown wait timeout',
    'n-cut-1': '200: :21105 unknown receive closed',
    'n-refused-1': '502: :21109 fresh connect ECONNREFUSED',
    'n-retry-1': '200: :21109 fresh connect ECONNREFUSED; - unknown receive - 200',
    'n-again-1': '502: :21109 fresh connect ECONNREFUSED; :21102 unknown wait ECONNRESET',
    'n-dead-1': '502: :21109 fresh connect ECONNREFUSED; :21108 fresh connect ECONNREFUSED',
    'n-again-2': '502: :21102 unknown wait ECONNRESET',
    'n-dead-2': '502: - unknown connect no-endpoint',
    'n-left-1': '-: ',
    'n-503': '503: ',
  },
  // Without the error log.
  'nginx-main': {
    'n-reset-1': '502: ',
    'n-close-1': '502: ',
    'n-hang-1': '504: ',
    'n-refused-1': '502: ',
    'n-again-1': '502: ',
    'n-dead-1': '502: ',
    'n-again-2': '502: ',
    'n-dead-2': '502: ',
    'n-left-1': '-: ',
    'n-503': '503: ',
  },
  'haproxy-httplog': {
    'h-reset': '502: - unknown wait failed',
    'h-close': '502: - unknown wait failed',
    'h-hang': '504: - unknown wait timeout',
    'h-cut': '200: :21105 unknown receive failed',
    'h-refused': '503: - fresh connect ECONNREFUSED',
    'h-refused3': '503: - fresh connect failed; - fresh connect failed; - fresh connect ECONNREFUSED',
    'h-retry': '200: - fresh connect failed; - unknown receive - 200',
    'h-none': '503: - unknown connect no-endpoint',
    'h-503': '503: - unknown receive - 503',
    // After a syslog header.
    'h-sys': '502: - unknown wait failed',
  },
  'traefik-json': {
    't-reset': '502: :21102 unknown wait failed',
    't-close': '502: :21103 unknown wait failed',
    't-hang': '504: :21104 unknown wait timeout',
    't-cut': '200: :21105 unknown receive failed',
    't-refused': '502: :21109 unknown wait failed',
    't-none': '503: - unknown connect no-endpoint',
    't-left': '-: :21104 unknown wait -',
    't-503': '503: :21101 unknown receive - 503',
    't-502': '502: :21101 unknown receive - 502',
  },
  'traefik-common': {
    't-reset': '502: :21102 unknown wait failed',
    't-close': '502: :21103 unknown wait failed',
    't-hang': '504: :21104 unknown wait timeout',
    't-refused': '502: :21109 unknown wait failed',
    't-none': '503: - unknown connect no-endpoint',
    't-left': '-: :21104 unknown wait -',
    't-503': '503: :21101 unknown receive - 503',
    't-502': '502: :21101 unknown receive - 502',
  },
  'envoy-default': envoyWith('failed'),
  istio: envoyWith('ECONNREFUSED'),
  'envoy-gateway': envoyWith('ECONNREFUSED'),
  'contour-json': envoyWith('failed'),
  caddy: {
    'c-reset': '502: :21102 fresh wait ECONNRESET',
    'c-close': '502: - fresh wait closed',
    'c-hang': '504: - unknown wait timeout',
    'c-cut': '200: :21105 unknown receive closed',
    'c-refused': '502: :21109 fresh connect ECONNREFUSED',
    'c-none': '503: - unknown connect no-endpoint',
    'c-left': '-: ',
    'c-503': '503: ',
  },
};

/** @param refused how the format says that a connection was refused */
function envoyWith(refused: string): Record<string, string> {
  return {
    'e-reset': '503: :21102 unknown wait closed',
    'e-close': '503: :21103 unknown wait closed',
    'e-hang': '504: :21104 unknown wait timeout',
    'e-cut': '200: :21105 unknown receive closed 200',
    'e-refused': `503: :21109 fresh connect ${refused}`,
    'e-none': '503: - unknown connect no-endpoint',
    'e-urx': `503: :21108 fresh connect ${refused}`,
    'e-nowhere': '404: - unknown connect no-endpoint',
    'e-left': '-: :21104 unknown wait -',
    'e-503': '503: :21101 unknown receive - 503',
  };
}

describe('the log of an installed gateway', () => {
  for (const [format, expected] of Object.entries(LOGS)) {
    test(format, () => {
      const read = readAll(linesOf(format)).map((request) => [request.id, summary(request)]);
      assert.deepEqual(Object.fromEntries(read), expected);
    });
  }

  const TIMES: [format: string, id: string, startedAt: string, tookMs: number, coarse: boolean][] = [
    ['nginx-upstreaminfo', 'n-hang-1', '2026-11-27T07:53:12.999Z', 1001, true],
    ['nginx-combined', 'n-hang-1', '2026-11-27T07:53:14.000Z', 0, true],
    ['haproxy-httplog', 'h-hang', '2026-11-27T07:56:01.890Z', 1001, false],
    ['traefik-json', 't-hang', '2026-11-27T07:56:08.594Z', 1001, false],
    ['traefik-common', 't-hang', '2026-11-27T07:56:10.000Z', 1000, true],
    ['envoy-default', 'e-hang', '2026-11-27T07:56:15.125Z', 998, false],
    ['istio', 'e-hang', '2026-11-27T07:56:15.125Z', 998, false],
    ['envoy-gateway', 'e-hang', '2026-11-27T07:56:15.125Z', 998, false],
    ['contour-json', 'e-hang', '2026-11-27T07:56:15.125Z', 998, false],
    ['caddy', 'c-hang', '2026-11-27T07:56:20.159Z', 1001, false],
    ['caddy', 'c-cut', '2026-11-27T07:56:21.213Z', 0, true],
  ];
  for (const [format, id, startedAt, tookMs, coarse] of TIMES) {
    test(`${format}: the times of ${id}`, () => {
      const request = readAll(linesOf(format)).find((each) => each.id === id);
      assert.ok(request);
      assert.equal(request.method, 'GET');
      assert.equal(new Date(request.startedEpochMs).toISOString(), startedAt);
      assert.equal(Math.round(request.endedEpochMs - request.startedEpochMs), tookMs);
      assert.equal(request.coarseTimes === true, coarse);
    });
  }

  test('nginx: without its error log, an empty 502 is not the answer of a pod', () => {
    const lines = linesOf('nginx-upstreaminfo').filter((line) => !line.includes('[error]'));
    const found = new Map(readAll(lines).map((request) => [request.id, summary(request)]));
    assert.equal(found.get('n-refused-1'), '502: :21109 unknown wait failed');
    assert.equal(found.get('n-retry-1'), '200: :21109 unknown wait failed; :21101 unknown receive - 200');
    assert.equal(found.get('n-dead-2'), '502: - unknown connect no-endpoint');
  });

  test('Traefik: a version that counts its retries does not say why it made them', () => {
    const line = linesOf('traefik-json').find((each) => each.includes('t-retry')) ?? '';
    const [request] = readAll([line.replace('"RetryAttempts":0', '"RetryAttempts":1')]);
    assert.equal(request && summary(request), '200: - unknown connect failed; :21101 unknown receive - 200');
  });

  test('HAProxy: a server whose name is its address is known', () => {
    const line = linesOf('haproxy-httplog').find((each) => each.includes('h-refused ')) ?? '';
    const [request] = readAll([line.replace('srv001', '10.0.0.7:8080')]);
    assert.equal(request && summary(request), '503: 10.0.0.7:8080 fresh connect ECONNREFUSED');
  });

  test('formats may be mixed: a request is recognised line by line', () => {
    const formats = Object.keys(LOGS).filter((format) => !/nginx|envoy|istio|contour|common/.test(format));
    const ids = new Set(readAll(formats.flatMap(linesOf)).map(({ id }) => id));
    assert.deepEqual(ids, new Set(formats.flatMap((format) => Object.keys(LOGS[format] ?? {}))));
  });

  test('requests of an earlier load are not kept, and do not count as read', () => {
    const lines = linesOf('traefik-json');
    const all = readAll(lines);
    const lastMs = Math.max(...all.map(({ endedEpochMs }) => endedEpochMs));
    for (const [fromMs, kept] of [
      [lastMs, 1],
      [lastMs + 1, 0],
    ] as const) {
      const log = new InstalledLog(({ endedEpochMs }) => endedEpochMs >= fromMs);
      for (const line of lines) log.read(line);
      assert.equal(log.requests().length, kept);
      assert.equal(log.sawRequests, kept > 0);
    }
  });

  test('lines of others, and lines that were cut, are ignored', () => {
    const lines = Object.keys(LOGS).flatMap(linesOf);
    assert.deepEqual(readAll(lines.map((line) => line.replaceAll('rollout-test-request', 'other'))), []);
    for (const line of lines) readAll([line.slice(0, line.length / 2)]);
    assert.deepEqual(readAll(linesOf('caddy').map((line) => line.slice(0, -1))), []);
  });

  test("the format of haproxytech's controller has no query, so no id", () => {
    const line = linesOf('haproxy-httplog').find((each) => each.includes(' tech '));
    assert.ok(line?.endsWith('"GET 127.0.0.1:21202/work HTTP/1.1"'));
  });
});

describe("a request's id in its path", () => {
  test('is a parameter of the query', () => {
    assert.equal(withRequestId('/work', 'r-1'), '/work?rollout-test-request=r-1');
    assert.equal(withRequestId('/work?ms=5', 'r-1'), '/work?ms=5&rollout-test-request=r-1');
  });

  test('is found in a path and in a request line', () => {
    assert.equal(requestIdIn(withRequestId('/work?ms=5', 'a.B_c-9')), 'a.B_c-9');
    assert.equal(requestIdIn(`GET ${withRequestId('/', 'r-1')} HTTP/1.1`), 'r-1');
    assert.equal(requestIdIn('/work?x-rollout-test-request=r-1'), undefined);
    assert.equal(requestIdIn('/work'), undefined);
  });
});
