import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ProcessFacts, processName, processRoles, wrapperNames } from '../../src/processes/process-names.ts';

describe('a process is named after what its user started', () => {
  const cases: [name: string, comm: string, ...args: string[]][] = [
    ['tini', 'tini', 'tini', '--', 'npm', 'start'],
    ['tini', 'tini', '/sbin/tini', '-g', '--', 'node', 'server.js'],
    ['dumb-init', 'dumb-init', '/usr/bin/dumb-init', 'node', 'server.js'],
    // npm sets its title and leaves zero bytes behind.
    ['npm', 'npm start', 'npm start', '', '', ''],
    ['npm', 'npm run start', 'npm run start --workspace=api'],
    ['npm', 'node', 'node', '/usr/lib/node_modules/npm/bin/npm-cli.js', 'start'],
    ['npm', 'node', 'node', '/usr/local/bin/npm', 'start'],
    ['yarn', 'node', '/usr/local/bin/node', '/opt/yarn/bin/yarn.js', 'start'],
    ['pnpm', 'node', 'node', '/usr/lib/node_modules/pnpm/bin/pnpm.cjs', 'start'],
    ['pm2-runtime', 'node', 'node', '/app/node_modules/.bin/pm2-runtime', 'server.js'],
    ['pm2-runtime', 'PM2 v6.0.8: God', 'PM2 v6.0.8: God Daemon (/root/.pm2)', '', ''],
    ['server.mjs', 'node /tmp/app/s', 'node /tmp/app/server.mjs', '', ''],
    ['nodemon', 'node', 'node', '/app/node_modules/.bin/nodemon', 'server.js'],
    ['server.js', 'node', '/usr/bin/node', '--enable-source-maps', '-r', './trace.js', 'dist/server.js', '--port', '1'],
    ['server.js', 'node-MainThread', 'node', 'server.js'],
    ['node', 'node', 'node', '-e', 'require("http")'],
    ['node', 'node', 'node', '--run', 'start'],
    ['bun', 'bun', 'bun', 'run', 'start'],
    ['deno', 'deno', 'deno', 'task', 'start'],
    ['sh', 'sh', 'sh', '-c', 'node server.js; true'],
    ['sh', 'sh', '/bin/sh', '-ec', 'node server.js'],
    ['docker-entrypoint.sh', 'docker-entrypoi', '/bin/sh', '/docker-entrypoint.sh', 'nginx'],
    ['bash', 'bash', '-bash'],
    ['app.py', 'python3', 'python3', '-u', 'app.py'],
    ['http.server', 'python3', '/usr/bin/python3', '-m', 'http.server', '8080'],
    ['gunicorn', 'gunicorn', '/usr/bin/python3', '/usr/local/bin/gunicorn', 'app:app'],
    ['gunicorn', 'gunicorn: maste', 'gunicorn: master [app:app]'],
    ['nginx', 'nginx', 'nginx: master process nginx -g daemon off;'],
    ['php-fpm', 'php-fpm', 'php-fpm: master process (/etc/php-fpm.conf)'],
    ['next-server', 'next-server (v1', 'next-server (v15.1.0)'],
    ['java', 'java', 'java', '-jar', 'app.jar'],
    ['sleep', 'sleep'],
  ];
  for (const [name, comm, ...args] of cases) {
    test(`${args.filter((word) => word !== '').join(' ') || comm}: ${name}`, () =>
      assert.equal(processName({ comm, args }), name));
  }
});

function tree(...processes: [pid: number, parentPid: number, ...args: string[]][]): ProcessFacts[] {
  return processes.map(([pid, parentPid, ...args]) => ({ pid, parentPid, args, comm: args[0] ?? '', state: 'S' }));
}

test('the wrappers of a server', () => {
  const inNpm = tree(
    [1, 0, 'tini', 'npm', 'start'],
    [7, 1, 'npm start'],
    [9, 7, 'sh', '-c', 'node s'],
    [10, 9, 'node', 's.js'],
  );
  const workers = tree(
    [1, 0, 'nginx: master process'],
    [7, 1, 'nginx: worker process'],
    [8, 1, 'nginx: worker process'],
  );
  const behindWrapper = tree(
    [1, 0, 'dumb-init', 'x'],
    [2, 1, 'nginx: master process'],
    [3, 2, 'nginx: worker process'],
  );
  const orphan = tree([1, 0, 'sh', 'entrypoint.sh'], [20, 1, 'node', 's.js'], [21, 1, 'sleep', '9']);
  const cases: [
    processes: ProcessFacts[],
    listening: number[],
    wrapper: string | undefined,
    server: number | undefined,
  ][] = [
    [inNpm, [10], 'tini, which runs npm, which runs sh', 10],
    [workers, [1, 7, 8], undefined, 1],
    [behindWrapper, [3, 2], 'dumb-init', 2],
    [orphan, [20], 'entrypoint.sh', 20],
    [orphan, [], undefined, undefined],
  ];
  for (const [processes, listening, wrapper, server] of cases) {
    const roles = processRoles(processes, 1, (pid) => listening.includes(pid));
    assert.equal(roles?.server.pid, server);
    assert.equal(roles && wrapperNames(roles), wrapper);
  }
});
