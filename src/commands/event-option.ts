/** The flag `--event` of `run` and `compare`: what is done to the pods under load. */
import { InvalidArgumentError, Option } from 'commander';
import type { PlannedDisruption } from '../trace/disruption.ts';

const PLAIN = ['rollout', 'rollback', 'bad-version', 'evict', 'delete-pod', 'restart'] as const;

/** Without a default: a rollout. */
export function eventOption(): Option {
  return new Option(
    '--event <event>',
    'what is done to the pods: rollout (the default), rollback, bad-version, scale-down=N (to N replicas), drain=NODE, evict, delete-pod, or restart (SIGKILL)',
  ).argParser(parseEvent);
}

/** @throws InvalidArgumentError that lists the events */
export function parseEvent(text: string): PlannedDisruption {
  const plain = PLAIN.find((kind) => kind === text);
  if (plain) return { kind: plain };
  const [name, value = '', more] = text.split('=');
  if (name === 'scale-down' && /^[1-9]\d{0,3}$/.test(value) && more === undefined) {
    return { kind: 'scale-down', replicas: Number(value) };
  }
  if (name === 'scale-down') throw new InvalidArgumentError('name the new number of replicas, as in scale-down=1');
  if (name === 'drain' && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(value) && more === undefined) {
    return { kind: 'drain', node: value };
  }
  if (name === 'drain') throw new InvalidArgumentError('name the node, as in drain=node1');
  throw new InvalidArgumentError(`must be ${PLAIN.join(', ')}, scale-down=N or drain=NODE`);
}
