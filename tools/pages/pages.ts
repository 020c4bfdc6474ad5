/** The generated pages of docs/. Each is made from the registry or the results that it describes. */
import { causesPage } from './causes-page.ts';
import { checksPage } from './checks-page.ts';
import { fidelityPage } from './fidelity-page.ts';
import { gatewaysPage } from './gateways-page.ts';
import { idleTimeoutsPage } from './idle-timeouts-page.ts';
import { manifestsPage } from './manifests-page.ts';
import { sessionsPage } from './sessions-page.ts';

export interface GeneratedPage {
  /** Relative to the project's root. */
  file: string;
  render(): string;
}

export const PAGES: readonly GeneratedPage[] = [
  { file: 'docs/checks.md', render: checksPage },
  { file: 'docs/causes.md', render: causesPage },
  { file: 'docs/fidelity.md', render: fidelityPage },
  { file: 'docs/gateways.md', render: gatewaysPage },
  { file: 'docs/idle-timeouts.md', render: idleTimeoutsPage },
  { file: 'docs/manifests.md', render: manifestsPage },
  { file: 'docs/sessions.md', render: sessionsPage },
];
