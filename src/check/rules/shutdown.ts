/** The rule about the app's own shutdown, which a manifest shows only for the images of this project. */

import type { CheckedContainer } from '../objects.ts';
import { containerPatch } from '../patch.ts';
import { ON_A_CLUSTER, type Problem, type Rule } from '../rule.ts';
import { isOwnImage, variable } from '../staying.ts';

export const SHUTDOWN_RULES: readonly Rule[] = [
  {
    id: 'shutdown-disabled',
    title: 'graceful shutdown turned off in the environment',
    severity: 'error',
    judges: 'process',
    cause: 'no-graceful-shutdown',
    explanation:
      'In the images of this project (k8s-rollout-test-node, -bun and -deno), the variable SHUTDOWN decides what happens on SIGTERM: none, which is also the default, installs no handler, and exit ends at once. For any other image, a manifest does not show whether the app handles SIGTERM; `k8s-rollout-test conform -- COMMAND` measures it.',
    measured: `${ON_A_CLUSTER} SHUTDOWN=none broke 60 requests on Node 26.10, 63 on Bun 1.4.4 and 67 on Deno 2.9.6. SHUTDOWN=drain broke none.`,
    fix: `kind: Deployment
spec:
  template:
    spec:
      containers:
        - name: app
          env:
            - name: SHUTDOWN
              value: drain`,
    evaluate: ({ object, name, containers }) =>
      containers.flatMap((target): Problem[] => {
        const { container, path } = target;
        if (!isOwnImage(container.image) || container.command !== undefined) return [];
        const mode = variable(container, 'SHUTDOWN') || 'none';
        if (mayComeFromElsewhere(container, 'SHUTDOWN')) return [];
        if (mode !== 'none' && mode !== 'exit') return [];
        const index = container.env?.findLastIndex((entry) => entry.name === 'SHUTDOWN') ?? -1;
        const what = mode === 'none' ? 'SIGTERM is not handled' : 'SIGTERM ends the app immediately';
        const message = `${name}: container "${container.name}": SHUTDOWN=${mode}: ${what}, so requests in flight are cut; write SHUTDOWN=drain`;
        const patch = containerPatch(target, { env: [{ name: 'SHUTDOWN', value: 'drain' }] });
        return [{ place: { object, path: [...path, 'env', ...(index < 0 ? [] : [index, 'value'])] }, message, patch }];
      }),
  },
];

/** A ConfigMap or a Secret may set it. */
function mayComeFromElsewhere({ env = [], envFrom = [] }: CheckedContainer, name: string): boolean {
  const entry = env.findLast((variable) => variable.name === name);
  return entry === undefined ? envFrom.length > 0 : entry.valueFrom !== undefined;
}
