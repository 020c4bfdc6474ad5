/** `npm run release:sbom -- FILE`: writes the bill of materials of the program that was packed last. */
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { projectFile } from '../../src/project-file.ts';
import { sbomOf } from './sbom.ts';

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: npm run release:sbom -- FILE');
  process.exit(2);
}
const program = JSON.parse(readFileSync(projectFile('package.json'), 'utf8'));
const licenses = readFileSync(projectFile('dist/THIRD-PARTY-LICENSES'), 'utf8');
writeFileSync(file, `${JSON.stringify(sbomOf(randomUUID(), program, licenses), null, 2)}\n`);
