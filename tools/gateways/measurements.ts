/** What docs/gateways.md is made from, and where each result is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { GATEWAYS } from '../../src/gateways/registry.ts';
import { projectFile } from '../../src/project-file.ts';
import { DIRECT } from '../../src/trace/trace.ts';

/** One run of the program. */
export interface Measurement {
  name: string;
  args: readonly string[];
}

const NAMES = GATEWAYS.map(({ name }) => name);
const EVERY_WAY = [DIRECT, ...NAMES].join(',');
/** Half the rate of a comparison, so that more trials run at a time. */
const RATE = ['--rate', '200'];

/** Every variant on every runtime on every way, with what each gateway does by default. */
export const DEFAULTS: Measurement = { name: 'defaults', args: ['compare', '--through', EVERY_WAY, ...RATE] };

/** One replica that is replaced in place. */
export const ONE_REPLICA: Measurement = {
  name: 'one-replica',
  args: ['run', '-k', 'tools/gateways/one-replica', '--through', EVERY_WAY, '--path', '/', ...RATE],
};

/** How often a gateway may send a request again, for the runs that show what retries are worth. */
export const RETRIES = [0, 2] as const;

/**
 * Caddy closes connections to clients whenever its configuration changes, and no setting prevents that. Before the Service's
 * address it never changes.
 */
const BETTER_WAYS: Readonly<Record<string, string>> = { caddy: 'caddy:service' };

/** The way through a gateway that the page recommends. */
export function recommendedWay(name: string): string {
  return BETTER_WAYS[name] ?? name;
}

/** Ten rollouts of the valid variant on each runtime, with the settings that the page recommends. */
export function recommended(name: string): Measurement {
  const file = settingsFile(name);
  const own = file === undefined ? [] : ['--gateway-config', file];
  const args = ['compare', '--variant', 'valid', '--repeat', '10', '--through', recommendedWay(name), ...own, ...RATE];
  return { name: `recommended-${name}`, args };
}

/** The variant in which a gateway sends most to pods that are gone, with so many retries. */
export function withRetries(name: string, retries: number): Measurement {
  const variants = ['--runtime', 'node', '--variant', 'without-pre-stop', '--repeat', '3'];
  const args = ['compare', ...variants, '--through', name, '--gateway-retries', String(retries), ...RATE];
  return { name: `retries-${retries}-${name}`, args };
}

export const MEASUREMENTS: readonly Measurement[] = [
  DEFAULTS,
  ONE_REPLICA,
  ...NAMES.flatMap((name) => [recommended(name), ...RETRIES.map((retries) => withRetries(name, retries))]),
];

/** The folder with the result of a measurement, relative to the project. */
export function resultFolder({ name }: Measurement): string {
  return `docs/results/gateways/${name}`;
}

/** The settings that the page recommends for a gateway, relative to the project; undefined if it needs none. */
export function settingsFile(name: string): string | undefined {
  const file = ['conf', 'cfg', 'yaml', 'json']
    .map((extension) => join('tools/gateways/settings', `${name}.${extension}`))
    .find((path) => existsSync(join(projectFile('package.json'), '..', path)));
  return file;
}
