/**
 * The signal that stops the server of `run`, from --stop-signal and --dockerfile. The manifest takes precedence over
 * both.
 */
import { constants } from 'node:os';
import { InvalidArgumentError } from 'commander';
import type { Dockerfile } from '../check/dockerfile.ts';
import { readDockerfileWithinLimits } from '../check/limited.ts';
import { InputError } from '../errors.ts';
import { readSource } from '../manifests/read-source.ts';
import { stopSignal } from './argument-parsers.ts';

export interface StopSignalFlags {
  stopSignal?: NodeJS.Signals | undefined;
  dockerfile?: string | undefined;
}

export interface ImageStopSignal {
  /** Undefined for SIGTERM. */
  signal: NodeJS.Signals | undefined;
  /** What could not be found out. */
  note?: string;
}

/** @throws InputError if the Dockerfile cannot be read, or its STOPSIGNAL cannot be determined from it */
export async function imageStopSignal({ stopSignal, dockerfile }: StopSignalFlags): Promise<ImageStopSignal> {
  if (dockerfile === undefined) return { signal: stopSignal };
  const read = stopSignalIn(await readDockerfileWithinLimits(await readSource(dockerfile)));
  return stopSignal === undefined ? read : { signal: stopSignal };
}

/** The STOPSIGNAL of a Dockerfile's last stage. */
export function stopSignalIn({ stopSignal: written, baseImage, file }: Dockerfile): ImageStopSignal {
  if (written)
    return { signal: signalOf(written.text, `${file}:${written.position.line}: STOPSIGNAL ${written.text}`) };
  if (baseImage === 'scratch') return { signal: undefined };
  const note = `${file} has no STOPSIGNAL, and the one of its base image ${baseImage} is unknown: SIGTERM is sent (to send another signal, use --stop-signal SIG)`;
  return { signal: undefined, note };
}

function signalOf(text: string, where: string): NodeJS.Signals {
  if (text.includes('$')) {
    throw new InputError(`${where}: variables are not resolved: name the signal with --stop-signal SIG`);
  }
  try {
    return stopSignal(/^\d+$/.test(text) ? nameOf(Number(text)) : text);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw new InputError(`${where}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Docker accepts numbers too. */
function nameOf(number: number): string {
  return Object.entries(constants.signals).find(([, known]) => known === number)?.[0] ?? String(number);
}
