/** The command that stands for a container's image on this machine. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseArgsStringToArgv } from 'string-argv';
import type { LocalImage } from '../clusters/local/pod-spec.ts';
import { InputError } from '../errors.ts';
import type { Container } from '../kubernetes-rules/objects.ts';
import { podPorts } from '../kubernetes-rules/ports.ts';
import type { Manifests } from '../manifests/manifests.ts';
import { RUNTIMES } from '../manifests/overlays.ts';
import { pinnedRuntime } from '../trials/pinned-runtime.ts';
import type { InstallOptions } from '../trials/runtime-cache.ts';

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
 * What stands for the image of each container of the manifest: the command given for it, else its own where the program is on
 * this machine, else that of the runtime its label names. The image of a container that the Service does not send to may be
 * missing: then a process stands in for it that does nothing and dies of its stop signal.
 * @throws InputError when nothing stands for the container that serves, or a command was given for one that is not there
 * @throws EnvironmentError when that runtime cannot be installed
 */
export async function imagesOf(
  manifests: Manifests,
  { exec, stopSignal }: { exec: readonly ContainerCommand[]; stopSignal?: NodeJS.Signals | undefined },
  installing: InstallOptions,
): Promise<Record<string, LocalImage>> {
  const { containers } = manifests.workload.spec.template.spec;
  const names = containers.map(({ name }) => name);
  const unknown = exec.find(({ container }) => !names.includes(container));
  if (unknown) {
    throw new InputError(
      `--exec ${unknown.container}: ${manifests.source} has no such container; it has ${names.join(', ')}`,
    );
  }
  const { servedBy } = podPorts(containers, manifests.service);
  const imageOf = async (container: Container): Promise<[string, LocalImage]> => {
    const serves = container.name === servedBy;
    const given = exec.find((candidate) => candidate.container === container.name)?.command;
    if (given) assertProgram(given, `--exec ${container.name}`);
    const command =
      given ?? ownCommand(container) ?? (serves ? await runtimeCommand(manifests, installing) : undefined);
    if (!command && serves) throw noCommand(manifests, container);
    return [container.name, command ? { command, ...(serves ? { stopSignal } : {}) } : STAND_IN];
  };
  return Object.fromEntries(await Promise.all(containers.map(imageOf)));
}

/** Does nothing until its stop signal, which ends it: PID 1 has to handle that for it to do so. */
const STAND_IN: LocalImage = {
  command: ['sh', '-c', 'trap "exit 0" TERM INT QUIT; while :; do sleep 3600 & wait; done'],
  standIn: true,
};

function ownCommand({ command: [program, ...rest] = [], args = [] }: Container): string[] | undefined {
  return program !== undefined && findProgram(program) ? [program, ...rest, ...args] : undefined;
}

async function runtimeCommand(
  manifests: Manifests,
  installing: InstallOptions,
): Promise<readonly string[] | undefined> {
  const runtime = ownRuntime(manifests);
  return runtime && (await pinnedRuntime(runtime, installing)).command;
}

function noCommand({ source }: Manifests, { name, command: [program] = [] }: Container): InputError {
  const why =
    program === undefined
      ? 'has no command, and its image does not run here'
      : `runs ${program}, which is not on this machine`;
  return new InputError(`${source}: container "${name}" ${why}: say what stands for it with --exec ${name}="COMMAND"`);
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
