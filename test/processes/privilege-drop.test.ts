import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { refusedUserChange } from '../../src/processes/privilege-drop.ts';

/** Real output of these programs. */
const REFUSED: string[][] = [
  ['2026/11/26 10:00:00 [emerg] 8#8: initgroups(www-data, 33) failed (1: Operation not permitted)'],
  ['2026/11/26 10:00:00 [emerg] 8#8: setgid(33) failed (22: Invalid argument)'],
  ['2026/11/26 10:00:00 [emerg] 1#1: chown("/var/lib/nginx/body", 33) failed (22: Invalid argument)'],
  ['setpriv: setresuid failed: Invalid argument'],
  ['setpriv: setgroups failed: Operation not permitted'],
  ['su-exec: setgroups(33): Operation not permitted'],
  ['error: failed switching to "www-data": operation not permitted'],
  ['[26-Nov-2026 10:00:00] ERROR: [pool www] failed to setgid(33): Invalid argument (22)'],
  ['su: cannot set groups: Operation not permitted'],
  ['s6-applyuidgid: fatal: unable to set uid: Invalid argument'],
  ['Error: EPERM: operation not permitted, setgid'],
  [
    '  File "/usr/lib/python3/dist-packages/gunicorn/util.py", line 160, in set_owner_process',
    '    os.initgroups(username, gid)',
    'PermissionError: [Errno 1] Operation not permitted',
  ],
];

const OTHERS: string[][] = [
  [],
  ['listening on 8080'],
  ['bind() to 0.0.0.0:80 failed (13: Permission denied)'],
  ['Error: listen EACCES: permission denied 0.0.0.0:80'],
  ['current user: alice, groups: staff'],
  ['setting up the user table'],
  ['TypeError: invalid argument'],
];

describe('a refused change of user', () => {
  for (const lines of REFUSED) {
    test(lines.at(-1) ?? '', () => assert.ok(refusedUserChange(['starting', ...lines, 'exiting'])));
  }
  for (const lines of OTHERS) {
    test(`is not found in: ${lines.join(' ')}`, () => assert.equal(refusedUserChange(lines), undefined));
  }
});
