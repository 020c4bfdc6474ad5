/** The user's own settings (--gateway-config) for gateways whose configuration is data. Pure. */
import { parse } from 'yaml';
import { InputError } from '../errors.ts';

/**
 * The configuration with the user's own settings: mappings merge, and everything else, such as a list, is replaced.
 * @param fragment YAML or JSON
 * @throws InputError if that is not a mapping
 */
export function withFragment(configuration: object, fragment: string | undefined): unknown {
  return fragment === undefined ? configuration : merged(configuration, mappingIn(fragment));
}

function merged(value: unknown, own: unknown): unknown {
  if (!isMapping(value) || !isMapping(own)) return own;
  const entries = Object.entries(own).map(([key, field]) => [key, key in value ? merged(value[key], field) : field]);
  return { ...value, ...Object.fromEntries(entries) };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mappingIn(fragment: string): object {
  let value: unknown;
  try {
    value = parse(fragment);
  } catch (error) {
    const [problem] = (error as Error).message.split('\n');
    throw new InputError(`--gateway-config: ${problem}`, { cause: error });
  }
  if (isMapping(value)) return value;
  throw new InputError('--gateway-config: write a YAML mapping; docs/gateways.md says where its fields go');
}
