import assert from 'node:assert/strict';
import test from 'node:test';
import { errorIn } from '../../src/gateways/error-text.ts';

const CASES: [text: string, error: string | undefined][] = [
  ['connect() failed (111: Connection refused)', 'ECONNREFUSED'],
  ['recv() failed (104: Connection reset by peer)', 'ECONNRESET'],
  ['upstream timed out (110: Connection timed out)', 'timeout'],
  ['connect() failed (113: No route to host)', 'EHOSTUNREACH'],
  ['connect() failed (113: Host is unreachable)', 'EHOSTUNREACH'],
  ['writev() failed (32: Broken pipe)', 'EPIPE'],
  ['upstream prematurely closed connection', 'closed'],
  ['upstream sent invalid header', undefined],
  ['dial tcp 10.0.0.7:8080: i/o timeout', 'timeout'],
  ['context deadline exceeded', 'timeout'],
  ['dial tcp 10.0.0.7:8080: connect: connection refused', 'ECONNREFUSED'],
  ['http: server closed idle connection', 'closed'],
  ['unexpected EOF', 'closed'],
  ['delayed_connect_error:_Connection_refused', 'ECONNREFUSED'],
  [
    'upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_No_route_to_host}',
    'EHOSTUNREACH',
  ],
  ['response_timeout', 'timeout'],
  ['remote_reset', undefined],
];

for (const [text, error] of CASES) test(`${text}: ${error}`, () => assert.equal(errorIn(text), error));
