/** What wrappers do with the stop signal, on real processes whose server is paused. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ContainerProcess, canBePid1 } from '../../src/processes/container-process.ts';
import { holdPort } from '../../src/processes/ports.ts';
import { rolesOf } from '../../src/processes/process-list.ts';
import { processName, wrapperNames } from '../../src/processes/process-names.ts';
import { stopWithoutServer } from '../../src/processes/wrapper-stop.ts';

const NODE = process.execPath;
const LISTENS = `process.on('SIGTERM', () => {}); require('node:http').createServer().listen(process.env.PORT, '127.0.0.1');`;

/** A wrapper of the server above, with this SIGTERM handler. */
const wrapper = (onSigterm: string) => [
  NODE,
  '-e',
  `const server = require('node:child_process').spawn(process.execPath, ['-e', process.env.SERVER], { stdio: 'inherit' });
   process.on('SIGTERM', () => { ${onSigterm} });`,
];

const CASES: [
  what: string,
  command: string[],
  names: string,
  stop: { signals: string[]; ended: string | undefined },
][] = [
  ['that is a shell', ['sh', '-c', '"$0" -e "$SERVER"; true', NODE], 'sh', { signals: [], ended: undefined }],
  [
    'that forwards the signal and waits',
    wrapper(`server.kill('SIGTERM')`),
    'node',
    { signals: ['SIGTERM'], ended: undefined },
  ],
  ['that forwards another signal', wrapper(`server.kill('SIGINT')`), 'node', { signals: ['SIGINT'], ended: undefined }],
  [
    'that does not wait',
    wrapper(`setTimeout(() => process.exit(0), 150)`),
    'node',
    { signals: [], ended: 'firstEndedMs' },
  ],
  [
    'that kills the server after a while',
    // It stays alive for a while. If it ended with its server, one check could see both ends at once.
    wrapper(`server.kill('SIGTERM'); setTimeout(() => server.kill('SIGKILL'), 150); setTimeout(() => {}, 2000)`),
    'node',
    { signals: ['SIGTERM'], ended: 'serverEndedMs' },
  ],
];

describe('a wrapper', { skip: canBePid1() ? false : 'processes are not PID 1 here', concurrency: true }, () => {
  for (const [what, command, names, { signals, ended }] of CASES) {
    test(what, async (t) => {
      const { port, release } = await holdPort();
      t.after(release);
      const env = { PATH: process.env.PATH ?? '', PORT: String(port), SERVER: LISTENS };
      const container = await ContainerProcess.start(command, env, () => {});
      t.after(async () => {
        container.sigkill();
        await container.exited;
      });
      let roles = rolesOf(container.firstPid, port);
      for (; !roles && !t.signal.aborted; roles = rolesOf(container.firstPid, port)) await delay(20);
      assert.ok(roles);
      assert.equal(wrapperNames(roles), names);
      assert.equal(processName(roles.server), 'node');
      const stop = await stopWithoutServer(container, roles, 'SIGTERM', 600, t.signal);
      assert.deepEqual([stop.handled, stop.signals], [true, signals]);
      for (const end of ['firstEndedMs', 'serverEndedMs'] as const) {
        if (end === ended) assert.ok((stop[end] ?? 0) >= 140, `${end}: ${stop[end]}`);
        else assert.equal(stop[end], undefined, end);
      }
    });
  }
});
