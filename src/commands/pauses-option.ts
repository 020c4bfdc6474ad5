/** The control with pauses: when it can be measured. */
import { Option } from 'commander';
import { InputError } from '../errors.ts';
import { type RequestMix, requestScenarios } from '../load/request-mix.ts';
import type { ThroughFlags } from './through-options.ts';

export function pausesOption(): Option {
  return new Option(
    '--pauses',
    'with --through: add a control with pauses between requests, which shows whether the server closes idle connections before the gateway does',
  ).conflicts('findFix');
}

/**
 * @param flag as the user wrote it
 * @throws InputError if such a control would show nothing
 */
export function assertPausesPossible(
  flag: string,
  requestMix: RequestMix,
  { through = [undefined], on, load }: ThroughFlags & { on: string; load?: string | undefined },
): void {
  if (on !== 'local') throw new InputError(`${flag}: measured on the local cluster only (--on local)`);
  if (load === 'k6') throw new InputError(`${flag}: k6 cannot send bursts; use --load builtin`);
  if (through.every((way) => way === undefined)) {
    throw new InputError(`${flag}: shows what a gateway does with idle connections: name one with --through`);
  }
  if (requestScenarios(requestMix).length === 0) {
    throw new InputError(`${flag}: only sessions are opened; add keep-alive to --scenario`);
  }
}
