/** Which namespaces count as left behind: only those whose process has definitely ended. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import type { V1Namespace } from '@kubernetes/client-node';
import { isGone, type Owner, parseOwner, thisOwner } from '../../src/clusters/kubernetes/namespace-owner.ts';
import { judgeNamespaces } from '../../src/clusters/kubernetes/namespaces.ts';

const HERE: Owner = {
  host: 'runner',
  machine: 'm1',
  boot: 'b1',
  pidNamespace: 'pid:[4026531836]',
  pid: 7,
  start: '100',
};
const alive = (start: string) => () => ({ alive: true, start });
const dead = () => ({ alive: false, start: '' });

describe('isGone', () => {
  const cases: [
    what: string,
    owner: Partial<Owner>,
    here: Partial<Owner>,
    look: () => ReturnType<typeof dead>,
    gone: boolean,
  ][] = [
    ['no process has its id', {}, {}, dead, true],
    ['another process has its id', {}, {}, alive('200'), true],
    ['it runs', {}, {}, alive('100'), false],
    ['it runs as another user, so its start time is not readable', {}, {}, alive(''), false],
    ['another container with the same host name', { pidNamespace: 'pid:[4026532001]' }, {}, dead, false],
    ['another machine with the same host name', { boot: 'b2' }, {}, dead, false],
    ['another installation', { machine: 'm2' }, {}, dead, false],
    ['a container of this machine with another name', { host: 'other' }, {}, dead, false],
    ['containers have no machine id', { machine: '' }, { machine: '' }, dead, true],
    ['no boot is known, as on macOS', { boot: '' }, { boot: '' }, dead, false],
    ['no PID namespace is known', { pidNamespace: '' }, { pidNamespace: '' }, dead, false],
    ['its start time is not known', { start: '' }, {}, dead, false],
    ['/proc here belongs to another PID namespace', {}, { start: '' }, dead, false],
  ];
  for (const [what, owner, here, look, gone] of cases) {
    it(`${what}: ${gone ? 'gone' : 'may be alive'}`, () => {
      assert.equal(isGone({ ...HERE, ...owner }, { ...HERE, ...here }, look), gone);
    });
  }

  it('of this process and of one that has ended', () => {
    assert.equal(isGone(thisOwner(), thisOwner()), false);
    const { pid } = spawnSync('true');
    const known = thisOwner().boot !== '';
    assert.equal(isGone({ ...thisOwner(), pid }, thisOwner()), known);
  });
});

describe('parseOwner', () => {
  it('reads what thisOwner writes', () => assert.deepEqual(parseOwner(JSON.stringify(thisOwner())), thisOwner()));
  for (const json of [undefined, '', '{', 'null', '[]', '{"host":"runner","pid":7,"start":"100"}', '{"pid":-1}']) {
    it(`is none: ${json}`, () => assert.equal(parseOwner(json), undefined));
  }
});

describe('judgeNamespaces', () => {
  const NOW_MS = Date.parse('2026-01-01T12:00:00Z');
  const namespace = (name: string, hours: number, owner?: object, deletion?: Date): V1Namespace => ({
    metadata: {
      name,
      creationTimestamp: new Date(NOW_MS - hours * 3_600_000),
      ...(owner ? { annotations: { 'k8s-rollout-test/owner': JSON.stringify(owner) } } : {}),
      ...(deletion ? { deletionTimestamp: deletion } : {}),
    },
  });
  const gone = { ...thisOwner(), pid: spawnSync('true').pid };
  const elsewhere = { ...thisOwner(), boot: 'another', host: 'laptop' };

  it('deletes none of another machine, however old, and names it', () => {
    const { deleted, doubtful } = judgeNamespaces(
      [namespace('a', 1, elsewhere), namespace('b', 50, elsewhere)],
      NOW_MS,
    );
    assert.deepEqual(deleted, []);
    assert.deepEqual(doubtful, [
      'namespace b is 50 h old, created by a run on laptop; if that run has ended: kubectl delete namespace b',
    ]);
  });
  it('deletes none that is nobody’s, and names it', () => {
    const { deleted, doubtful } = judgeNamespaces([namespace('a', 3)], NOW_MS);
    assert.deepEqual(deleted, []);
    assert.match(doubtful[0] ?? '', /created by an unknown run/);
  });
  it('says nothing of one that is being deleted, and of one that is this run’s', () => {
    const there = [namespace('a', 50, elsewhere, new Date(NOW_MS)), namespace('b', 0, thisOwner())];
    assert.deepEqual(judgeNamespaces(there, NOW_MS), { deleted: [], doubtful: [] });
  });
  it('deletes at once what a process of this machine has left', { skip: gone.boot === '' }, () => {
    assert.deepEqual(judgeNamespaces([namespace('a', 0, gone)], NOW_MS), { deleted: ['a'], doubtful: [] });
  });
});
