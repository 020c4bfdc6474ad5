/** The pages of docs/ that are generated, each from the registry or the results it describes. */
import { causesPage } from './causes-page.ts';
import { checksPage } from './checks-page.ts';
import { fidelityPage } from './fidelity-page.ts';

export interface GeneratedPage {
  /** From the top of the project. */
  file: string;
  render(): string;
}

export const PAGES: readonly GeneratedPage[] = [
  { file: 'docs/checks.md', render: checksPage },
  { file: 'docs/causes.md', render: causesPage },
  { file: 'docs/fidelity.md', render: fidelityPage },
];
