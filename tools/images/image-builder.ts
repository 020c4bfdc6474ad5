/** Whatever builds images on this machine. */
import { spawnSync } from 'node:child_process';
import type { Runtime } from '../../src/manifests/overlays.ts';

const BUILDERS = ['docker', 'podman', 'nerdctl', 'buildah'] as const;
export type ImageBuilder = (typeof BUILDERS)[number];

/** The tag that the overlays use. */
const TAG = 'local';

/** The first that is here with its engine, or undefined. `docker` may be a client alone: `info` asks for both. */
export function findImageBuilder(): ImageBuilder | undefined {
  return BUILDERS.find((program) => spawnSync(program, ['info'], { stdio: 'ignore' }).status === 0);
}

export const NO_BUILDER = `nothing here builds images: install one of ${BUILDERS.join(', ')}, and start its engine`;

/** @param prefix a registry's, with a slash at its end, or nothing */
export function imageName(runtime: Runtime, prefix = ''): string {
  return `${prefix}k8s-rollout-test-${runtime}:${TAG}`;
}

/** The Dockerfile's path in the project. */
export function dockerfileOf(runtime: Runtime): string {
  return `runtimes/${runtime}/Dockerfile`;
}
