/** The user's own settings (--gateway-config) for gateways whose configuration is data. Pure. */
import { parse } from 'yaml';
import { mergePatches } from '../check/patch.ts';
import { InputError } from '../errors.ts';

/**
 * The configuration with the user's own settings, which win: mappings merge, lists of named items merge by name, and
 * everything else is replaced.
 * @param fragment YAML or JSON
 * @throws InputError if that is not a mapping
 */
export function withFragment(configuration: object, fragment: string | undefined): unknown {
  if (fragment === undefined) return configuration;
  return mergePatches([configuration, mappingIn(fragment)]);
}

function mappingIn(fragment: string): object {
  let value: unknown;
  try {
    value = parse(fragment);
  } catch (error) {
    const [problem] = (error as Error).message.split('\n');
    throw new InputError(`--gateway-config: ${problem}`, { cause: error });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new InputError('--gateway-config: write a YAML mapping; docs/gateways.md says where its fields go');
}
