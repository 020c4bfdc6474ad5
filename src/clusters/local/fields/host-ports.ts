/** Ports of a node, which two pods cannot have at the same time. */
import * as z from 'zod';
import { type Policy, refused } from './policy.ts';

const Limits = z.looseObject({ maxSurge: z.union([z.number(), z.string()]).optional() });
const Strategy = z.looseObject({ type: z.string().optional(), rollingUpdate: Limits.optional() });
const Workload = z.looseObject({
  kind: z.string(),
  spec: z.looseObject({ strategy: Strategy.optional(), updateStrategy: Strategy.optional() }),
});

/** Whether a rollout starts a new pod before the old one that it replaces is gone. */
export function surges(object: unknown): boolean {
  const workload = Workload.safeParse(object).data;
  if (!workload || workload.kind === 'StatefulSet') return false;
  const { strategy, updateStrategy } = workload.spec;
  const { type, rollingUpdate } = (workload.kind === 'Deployment' ? strategy : updateStrategy) ?? {};
  if (type !== undefined && type !== 'RollingUpdate') return false;
  const maxSurge = rollingUpdate?.maxSurge ?? (workload.kind === 'Deployment' ? '25%' : 0);
  return Number.parseInt(String(maxSurge), 10) > 0;
}

/** The policy of a field because of which two pods do not fit on a node. */
export function onePodPerNode(why: string, ...harmless: readonly unknown[]): Policy {
  return refused(why)
    .unless(...harmless)
    .unlessThat(
      'without maxSurge',
      (_, object) => !surges(object),
      'each node gets a new pod when its old one is gone',
    );
}
