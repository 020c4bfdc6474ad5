/** `npm run schemas`: brings docs/schemas up to date. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectFile } from '../../src/project-file.ts';
import { SCHEMAS } from './schemas.ts';

const top = dirname(projectFile('package.json'));
for (const { file, render } of SCHEMAS) {
  writeFileSync(join(top, file), render());
  console.log(`wrote ${file}`);
}
