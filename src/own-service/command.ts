/** The local command that runs in place of a container's image. */
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

/** The overlays of this project name the runtime of their image in this label. */
const RUNTIME_LABEL = 'k8s-rollout-test/runtime';

/** A value of --exec: `CONTAINER=COMMAND`. */
export interface ContainerCommand {
  container: string;
  command: string[];
}

/** @throws InputError if the text is not CONTAINER=COMMAND */
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
 * What runs locally for the image of each container: the command given with --exec, or after "--" for the container that
 * the Service sends to. Without one, that container runs its own command, if that program is on this machine, or the
 * runtime that the label names. For any other container, an idle process stands in that exits on its stop signal: its own
 * command, often a shell script, needs what is in its image. An init container without --exec is assumed to be done.
 * @param serving the command after "--"; empty if there is none
 * @throws InputError if there is no command for the container that serves, or two, or --exec names a container that does
 * not exist
 * @throws EnvironmentError if that runtime cannot be installed
 */
export async function imagesOf(
  manifests: Manifests,
  serving: readonly string[],
  { exec, stopSignal }: { exec: readonly ContainerCommand[]; stopSignal?: NodeJS.Signals | undefined },
  installing: InstallOptions,
): Promise<Record<string, LocalImage>> {
  const pod = manifests.workload.spec.template.spec;
  const { initContainers = [] } = pod;
  const all = [...pod.containers, ...initContainers];
  const names = all.map(({ name }) => name);
  const unknown = exec.find(({ container }) => !names.includes(container));
  if (unknown) {
    throw new InputError(
      `--exec ${unknown.container}: ${manifests.source} has no such container; it has ${names.join(', ')}`,
    );
  }
  if (serving.length > 0) assertProgram(serving, 'run');
  const { servedBy } = podPorts(pod, manifests.service);
  const imageOf = async (container: Container): Promise<[string, LocalImage]> => {
    const serves = container.name === servedBy;
    const named = exec.find((candidate) => candidate.container === container.name)?.command;
    if (named) assertProgram(named, `--exec ${container.name}`);
    const isTwice = serves && serving.length > 0 && named !== undefined;
    if (isTwice)
      throw new InputError(`--exec ${container.name}: this container serves, so the command after -- is for it`);
    const given = serves && serving.length > 0 ? serving : named;
    const command =
      given ?? (serves ? (ownCommand(container) ?? (await runtimeCommand(manifests, installing))) : undefined);
    if (!command && serves) throw noCommand(manifests, container);
    return [container.name, command ? { command, ...(serves ? { stopSignal } : {}) } : STAND_IN];
  };
  return Object.fromEntries(await Promise.all(all.map(imageOf)));
}

/** Idles until its stop signal. The trap is needed because PID 1 ignores signals that it does not handle. */
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
      ? 'has no command, and its image cannot run on this machine'
      : `runs ${program}, which is not on this machine`;
  return new InputError(
    `${source}: container "${name}" ${why}: give the command to run instead after --, or with --exec ${name}="COMMAND"`,
  );
}

/** The runtime of this project's app, if the manifest deploys that app. */
export function ownRuntime({ workload }: Manifests): (typeof RUNTIMES)[number] | undefined {
  const label = workload.spec.template.metadata?.labels?.[RUNTIME_LABEL];
  return RUNTIMES.find((name) => name === label);
}

/** @throws InputError if the command's program is not on this machine */
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
    return false; // missing, or not executable by this user
  }
}
