/** How long a container stays in service after its pod's deletion, as far as a manifest shows. */
import type { LifecycleHandler } from '../kubernetes-rules/written-objects.ts';
import type { CheckedContainer } from './objects.ts';
import { readScript, shellInput, shellName } from './shell-script.ts';

/**
 * Routers may send new connections to a terminating pod for this long. Measured with kube-proxy: 0.3 to 1.05 s
 * (batching in the EndpointSlice controller, and kube-proxy's minSyncPeriod of 1 s). Twice that is the least to rely
 * on.
 */
export const SHORTEST_STAY_SECONDS = 2;
/** The value to recommend if nothing is known about the routers; the same as in this project's valid overlays. */
export const RECOMMENDED_STAY_SECONDS = 5;

export interface Stay {
  /** The duration of the preStop hook; undefined if not known (a script, a request). */
  preStopSeconds: number | undefined;
  /** From SIGTERM until the app stops accepting connections. */
  drainDelaySeconds: number;
  /** The sum of both, with an unknown hook counted as 0. */
  atLeastSeconds: number;
}

export function stayOf(container: CheckedContainer, drainDelaySeconds: number): Stay {
  const preStop = container.lifecycle?.preStop;
  const preStopSeconds = preStop ? hookSeconds(preStop) : 0;
  const delay = isOwnImage(container.image) ? ownDrainDelaySeconds(container) : drainDelaySeconds;
  return { preStopSeconds, drainDelaySeconds: delay, atLeastSeconds: (preStopSeconds ?? 0) + delay };
}

/** 0 if the variable is absent or not a number; in the latter case the app (app/settings.ts) refuses to start. */
function ownDrainDelaySeconds(container: CheckedContainer): number {
  const value = variable(container, 'DRAIN_DELAY_MS') ?? '';
  return /^\d+$/.test(value) ? Number(value) / 1000 : 0;
}

/** Whether an image is one of this project's, in any registry, so that the meaning of its variables is known. */
export function isOwnImage(image: string | undefined): boolean {
  return /(^|\/)k8s-rollout-test-(node|bun|deno)([:@]|$)/.test(image ?? '');
}

/** The value of an environment variable that the manifest sets literally. The last variable of a name counts. */
export function variable(container: CheckedContainer, name: string): string | undefined {
  return container.env?.findLast((entry) => entry.name === name)?.value;
}

function hookSeconds(hook: LifecycleHandler): number | undefined {
  if (hook.sleep) return hook.sleep.seconds;
  if (!hook.exec) return undefined;
  return sleptSeconds(hook.exec.command ?? []);
}

/** The total duration of `sleep 5`, or of consecutive sleeps in a shell script. */
function sleptSeconds(command: readonly string[]): number | undefined {
  const sleeps = shellName(command[0] ?? '') === undefined ? [command] : sleepsIn(command.slice(1));
  if (!sleeps || sleeps.length === 0 || !sleeps.every(isSleep)) return undefined;
  const seconds = sleeps.flatMap((words) => words.slice(words.findIndex(namesSleep) + 1)).map(duration);
  return seconds.some(Number.isNaN) ? undefined : seconds.reduce((sum, value) => sum + value, 0);
}

/**
 * The sleeps in a shell's `-c` text; undefined if they may not run one after the other, or if the text is not
 * understood.
 */
function sleepsIn(args: readonly string[]): string[][] | undefined {
  const input = shellInput(args);
  const script = input && 'script' in input ? readScript(input.script) : undefined;
  if (!script) return undefined;
  const sleeps = script.commands.filter(({ words }) => isSleep(words));
  const last = sleeps.at(-1);
  const before = last ? script.commands.slice(0, script.commands.indexOf(last)) : [];
  const mayEndEarly = before.some(({ words: [program = ''] }) => ENDS_SCRIPT.includes(program));
  if (mayEndEarly || sleeps.some(({ place }) => place !== 'line')) return undefined;
  return sleeps.map(({ words }) => words);
}

const ENDS_SCRIPT = ['exit', 'return', 'eval', 'exec'];

function isSleep([first, second]: readonly string[]): boolean {
  return namesSleep(first ?? '') || (first === 'exec' && namesSleep(second ?? ''));
}

function namesSleep(word: string): boolean {
  return word === 'sleep' || word.endsWith('/sleep');
}

/** The seconds in one argument of sleep(1): `5`, `0.5`, `1m`. */
function duration(word: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)([smhd])?$/.exec(word) ?? [];
  const factor = { s: 1, m: 60, h: 3600, d: 86_400 }[unit] ?? 1;
  return number === undefined ? Number.NaN : Number(number) * factor;
}
