/** `npm run docs`: updates the generated pages of docs/. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectFile } from '../../src/project-file.ts';
import { PAGES } from './pages.ts';

const top = dirname(projectFile('package.json'));
for (const { file, render } of PAGES) {
  writeFileSync(join(top, file), render());
  console.log(`wrote ${file}`);
}
