/** The values of --event. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseEvent } from '../../src/commands/event-option.ts';
import type { PlannedDisruption } from '../../src/trace/disruption.ts';

describe('--event', () => {
  const table: [text: string, planned: PlannedDisruption | RegExp][] = [
    ['rollout', { kind: 'rollout' }],
    ['restart', { kind: 'restart' }],
    ['scale-down=2', { kind: 'scale-down', replicas: 2 }],
    ['drain=node-1.example.com', { kind: 'drain', node: 'node-1.example.com' }],
    ['scale-down', /name the new number of replicas, as in scale-down=1/],
    ['scale-down=0', /name the new number of replicas/],
    ['scale-down=1=2', /name the new number of replicas/],
    ['drain', /name the node, as in drain=node1/],
    ['drain=a/b', /name the node/],
    ['evict=1', /must be rollout, rollback, .*, scale-down=N or drain=NODE/],
    ['command', /must be rollout/],
    ['', /must be rollout/],
  ];
  for (const [text, expected] of table) {
    test(text || 'empty', () => {
      if (expected instanceof RegExp) assert.throws(() => parseEvent(text), expected);
      else assert.deepEqual(parseEvent(text), expected);
    });
  }
});
