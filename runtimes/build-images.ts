/**
 * Builds the images of the three runtimes with whatever builds images here, under the names that the overlays use.
 *
 *   npm run images [-- --prefix registry.example.com/team]
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RUNTIMES } from '../src/manifests/overlays.ts';

const BUILDERS = ['docker', 'podman', 'nerdctl', 'buildah'];
const TAG = 'local';

const { values } = parseArgs({ options: { prefix: { type: 'string' } } });
const prefix = values.prefix === undefined ? '' : `${values.prefix.replace(/\/$/, '')}/`;

// `docker` may be a client without an engine: `info` asks for both.
const builder = BUILDERS.find((program) => spawnSync(program, ['info'], { stdio: 'ignore' }).status === 0);
if (!builder) {
  console.error(`nothing here builds images: install one of ${BUILDERS.join(', ')}, and start its engine`);
  process.exit(4);
}
for (const runtime of RUNTIMES) {
  const image = `${prefix}k8s-rollout-test-${runtime}:${TAG}`;
  const args = ['build', '--file', `runtimes/${runtime}/Dockerfile`, '--tag', image, '.'];
  const { status } = spawnSync(builder, args, { stdio: 'inherit', cwd: join(import.meta.dirname, '..') });
  if (status !== 0) {
    console.error(`${builder} could not build ${image}`);
    process.exit(4);
  }
  console.log(`built ${image} with ${builder}`);
}
