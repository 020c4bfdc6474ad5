/**
 * What this project puts on top of each runtime's image: `npm run bench:images`, after `npm run images`. It asks whatever
 * built them: docker, podman, nerdctl or buildah.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { DockerfileParser } from 'dockerfile-ast';
import * as z from 'zod';
import { RUNTIMES, type Runtime } from '../src/manifests/overlays.ts';
import { projectFile } from '../src/project-file.ts';
import {
  dockerfileOf,
  findImageBuilder,
  type ImageBuilder,
  imageName,
  NO_BUILDER,
} from '../tools/images/image-builder.ts';
import { record } from './record.ts';

const Layers = z.object({ layers: z.array(z.object({ size: z.int() })) });

/** What the Dockerfile's last stage starts from, with the arguments' own values. */
function baseImage(runtime: Runtime): string {
  const dockerfile = DockerfileParser.parse(readFileSync(projectFile(dockerfileOf(runtime)), 'utf8'));
  const from = dockerfile.getFROMs().at(-1);
  const image = from?.getImage();
  if (!from || !image) throw new Error(`${dockerfileOf(runtime)} has no FROM`);
  const line = from.getRange().start.line;
  return image.replace(/\$\{(\w+)\}/g, (_, name: string) => dockerfile.resolveVariable(name, line) ?? '');
}

/** The size of all layers of an image, not compressed, in bytes. */
function sizeOf(builder: ImageBuilder, image: string): number {
  const ask = (...args: string[]) => execFileSync(builder, args, { encoding: 'utf8' });
  // buildah reports the sizes of layers, not of the image.
  if (builder === 'buildah') {
    const { layers } = Layers.parse(JSON.parse(ask('inspect', '--type', 'image', '--format', '{{.Manifest}}', image)));
    return layers.reduce((total, { size }) => total + size, 0);
  }
  return z.coerce.number().parse(ask('image', 'inspect', '--format', '{{.Size}}', image));
}

const builder = findImageBuilder();
if (!builder) {
  console.error(NO_BUILDER);
  process.exit(4);
}
const rows = RUNTIMES.map((runtime) => {
  const base = baseImage(runtime);
  const [whole, below] = [sizeOf(builder, imageName(runtime)), sizeOf(builder, base)];
  return { runtime, base, baseBytes: below, imageBytes: whole, overBaseBytes: whole - below };
});
record('images', rows, { builder });
