/** Finds a program that can build images on this machine. */
import { spawnSync } from 'node:child_process';
import type { Runtime } from '../../src/manifests/overlays.ts';

const BUILDERS = ['docker', 'podman', 'nerdctl', 'buildah'] as const;
export type ImageBuilder = (typeof BUILDERS)[number];

/** The tag that the overlays use. */
const TAG = 'local';

/**
 * The first builder that is installed and whose engine runs; undefined if there is none. `docker` may be only a client,
 * so `info` checks both.
 */
export function findImageBuilder(): ImageBuilder | undefined {
  return BUILDERS.find((program) => spawnSync(program, ['info'], { stdio: 'ignore' }).status === 0);
}

export const NO_BUILDER = `no image builder found: install and start one of ${BUILDERS.join(', ')}`;

/** @param prefix a registry and path that ends with a slash, or an empty string */
export function imageName(runtime: Runtime, prefix = ''): string {
  return `${prefix}k8s-rollout-test-${runtime}:${TAG}`;
}

/** The Dockerfile's path in the project. */
export function dockerfileOf(runtime: Runtime): string {
  return `runtimes/${runtime}/Dockerfile`;
}
