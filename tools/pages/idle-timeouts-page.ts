/** docs/idle-timeouts.md: how long servers and gateways keep idle connections. */
import { idleLimitsPage } from '../../src/report/idle-limits.ts';
import { GENERATED, paragraphs } from './markdown.ts';

export function idleTimeoutsPage(): string {
  return paragraphs([
    '# Idle timeouts',
    GENERATED,
    'How long servers and gateways keep an idle connection, which pairs lose requests without any rollout, and what to set. `k8s-rollout-test explain idle-timeout` prints this in the terminal. [From symptom to fix](symptoms.md), problem 2, shows what it looks like.',
    ...idleLimitsPage(),
  ]);
}
