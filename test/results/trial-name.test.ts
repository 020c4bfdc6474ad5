import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { tracePath } from '../../src/results/folder-layout.ts';
import { cellName, trialName } from '../../src/results/trial-name.ts';

describe('a trial is called', () => {
  const cases: [runtime: string, variant: string, repeat: number, cell: string, trial: string, file: string][] = [
    ['node', 'valid', 0, 'valid-node', 'valid-node', 'valid-node-1'],
    ['node', 'valid', 1, 'valid-node', 'valid-node-2', 'valid-node-2'],
    ['deno', 'control', 0, 'control-deno', 'control-deno', 'control-deno-1'],
    ['own', 'control', 0, 'control', 'control', 'control-1'],
    ['own', 'control', 2, 'control', 'control-3', 'control-3'],
    ['own', 'own', 0, 'rollout', 'rollout-1', 'rollout-1'],
    ['own', 'own', 4, 'rollout', 'rollout-5', 'rollout-5'],
    ['own', 'own+pre-stop', 0, 'pre-stop', 'pre-stop', 'pre-stop-1'],
    ['own', 'own+pre-stop+replicas', 1, 'pre-stop+replicas', 'pre-stop+replicas-2', 'pre-stop+replicas-2'],
  ];
  for (const [runtime, variant, repeat, cell, trial, file] of cases) {
    test(`${trial}, for ${variant} of ${runtime}, repeat ${repeat}`, () => {
      assert.equal(cellName({ runtime, variant }), cell);
      assert.equal(trialName({ runtime, variant, repeat }), trial);
      assert.equal(tracePath({ runtime, variant, repeat }), `traces/${file}.json`);
    });
  }
});
