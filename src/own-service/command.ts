/** The command that stands for a container's image on this machine. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseArgsStringToArgv } from 'string-argv';
import { InputError } from '../errors.ts';
import type { Manifests } from '../manifests/manifests.ts';
import { RUNTIMES } from '../manifests/overlays.ts';
import { findRuntime } from '../trials/runtimes.ts';

/** Our own overlays say which runtime is in the image. */
const RUNTIME_LABEL = 'k8s-rollout-test/runtime';

/** `NAME=COMMAND`, as --exec takes it. */
export interface ContainerCommand {
  container: string;
  command: string[];
}

/** @throws InputError when the text is not NAME=COMMAND */
export function parseContainerCommand(text: string): ContainerCommand {
  const equals = text.indexOf('=');
  const container = text.slice(0, equals).trim();
  const command = parseArgsStringToArgv(text.slice(equals + 1));
  if (equals < 1 || container === '' || command.length === 0) {
    throw new InputError(`--exec "${text}": must be CONTAINER=COMMAND, as in --exec app="node server.js"`);
  }
  return { container, command };
}

/**
 * The command of the manifest's container: the one given for it, else its own where the program is on this machine,
 * else that of the runtime its label names.
 * @throws InputError when there is none, or one was given for a container that is not there
 */
export function commandOf(manifests: Manifests, given: readonly ContainerCommand[]): string[] {
  const { containers } = manifests.workload.spec.template.spec;
  const names = containers.map(({ name }) => name);
  const stranger = given.find(({ container }) => !names.includes(container));
  if (stranger) {
    throw new InputError(
      `--exec ${stranger.container}: ${manifests.source} has no such container; it has ${names.join(', ')}`,
    );
  }
  const [container] = containers;
  const replaced = given.find((candidate) => candidate.container === container.name)?.command;
  if (replaced) {
    assertProgram(replaced, `--exec ${container.name}`);
    return [...replaced];
  }
  const [program, ...rest] = container.command ?? [];
  if (program !== undefined && findProgram(program)) return [program, ...rest, ...(container.args ?? [])];
  const runtime = ownRuntime(manifests);
  if (runtime) return [...findRuntime(runtime).command];
  const why =
    program === undefined
      ? 'has no command, and its image does not run here'
      : `runs ${program}, which is not on this machine`;
  throw new InputError(
    `${manifests.source}: container "${container.name}" ${why}: say what stands for it with --exec ${container.name}="COMMAND"`,
  );
}

/** The runtime of this project's own app, where the manifest deploys that. */
export function ownRuntime({ workload }: Manifests): (typeof RUNTIMES)[number] | undefined {
  const label = workload.spec.template.metadata?.labels?.[RUNTIME_LABEL];
  return RUNTIMES.find((name) => name === label);
}

/** @throws InputError when the command's program is not on this machine */
export function assertProgram(command: readonly string[], source: string): void {
  const [program = ''] = command;
  if (!findProgram(program)) throw new InputError(`${source}: there is no program "${program}" on this machine`);
}

function findProgram(name: string): boolean {
  if (name.includes('/')) return isProgram(name);
  return (process.env.PATH ?? '').split(delimiter).some((folder) => isProgram(join(folder, name)));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // not there, or not for us
  }
}
