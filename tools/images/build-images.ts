/**
 * Builds the images of the three runtimes with an image builder of this machine, under the names that the overlays use.
 *
 *   npm run images [-- --prefix registry.example.com/team]
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RUNTIMES } from '../../src/manifests/overlays.ts';
import { dockerfileOf, findImageBuilder, imageName, NO_BUILDER } from './image-builder.ts';

const { values } = parseArgs({ options: { prefix: { type: 'string' } } });
const prefix = values.prefix === undefined ? '' : `${values.prefix.replace(/\/$/, '')}/`;

const builder = findImageBuilder();
if (!builder) {
  console.error(NO_BUILDER);
  process.exit(4);
}
for (const runtime of RUNTIMES) {
  const image = imageName(runtime, prefix);
  const args = ['build', '--file', dockerfileOf(runtime), '--tag', image, '.'];
  const { status } = spawnSync(builder, args, { stdio: 'inherit', cwd: join(import.meta.dirname, '../..') });
  if (status !== 0) {
    console.error(`${builder} could not build ${image}`);
    process.exit(4);
  }
  console.log(`built ${image} with ${builder}`);
}
