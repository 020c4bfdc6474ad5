import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commandName, workloadName } from '../../src/own-service/server-name.ts';

describe('a command is named', () => {
  const cases: [command: string[], name: string][] = [
    [['node', 'server.js'], 'node server.js'],
    [['sh', '-c', 'node server.js; exit'], 'sh -c "node server.js; exit"'],
    [['/usr/bin/node', './server.js'], 'node ./server.js'],
    [['./server'], './server'],
    [['node', ''], 'node ""'],
    [['sh', '-c', 'cd app\nexec node server.js'], 'sh -c "cd app\\nexec node server.js"'],
    [['java', ...Array<string>(20).fill('-Dname=value')], `java ${'-Dname=value '.repeat(5)}`.slice(0, 59).concat('…')],
  ];
  for (const [command, name] of cases) test(name, () => assert.equal(commandName(command), name));
});

test('a workload is named by its kind and its name', () => {
  assert.equal(workloadName({ kind: 'StatefulSet', metadata: { name: 'db' } }), 'StatefulSet db');
});
