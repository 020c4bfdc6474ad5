/** Finds and reads the config file of the check. */
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type * as z from 'zod';
import { InputError } from '../../errors.ts';
import { MIB } from '../../manifests/limits.ts';
import { readSource } from '../../manifests/read-source.ts';
import { errorAt, type ManifestSource, type YamlDocument, yamlDocuments } from '../../manifests/yaml-documents.ts';
import { fieldPath } from '../../schema-issue.ts';
import type { Severity } from '../rule.ts';
import type { CheckSettings, RuleSetting, RuleSettings } from '../settings.ts';
import type { CheckOptions } from '../workload.ts';
import { Config, type Setting } from './config-schema.ts';

export const CONFIG_FILE = '.rollout-test.yaml';

export interface ReadConfig {
  options: Partial<CheckOptions>;
  settings: Pick<CheckSettings, 'rules' | 'workloads' | 'file'>;
  failOn?: Severity;
}

/**
 * The config file of a folder, or of the nearest folder above it up to the root of the repository. Outside a repository
 * only the folder itself counts, because a file in the home folder would be a surprise.
 * @returns the path from the current folder; undefined if there is none
 */
export function findConfig(folder: string): string | undefined {
  const candidates: string[] = [];
  for (let current = resolve(folder); ; current = dirname(current)) {
    candidates.push(current);
    if (existsSync(join(current, '.git'))) break;
    if (current === dirname(current)) {
      candidates.splice(1);
      break;
    }
  }
  const found = candidates.map((candidate) => join(candidate, CONFIG_FILE)).find((file) => existsSync(file));
  return found && relative('.', found);
}

/** @throws InputError that names file and line of an unknown key, an unknown rule, or a wrong value */
export async function readConfig(path: string): Promise<ReadConfig> {
  const source = await readSource(path);
  if (source.text.length > MIB) throw new InputError(`${path}: larger than 1 MiB, which no config file is`);
  const config = parsed(source);
  const { longestRequestSeconds, drainDelaySeconds, failOn, rules, workloads = [] } = config;
  return {
    options: defined({ longestRequestSeconds, drainDelaySeconds }),
    settings: {
      file: path,
      rules: settingsOf(rules),
      workloads: workloads.map(({ rules: own, ...workload }) => ({ ...defined(workload), rules: settingsOf(own) })),
    },
    ...(failOn && { failOn }),
  };
}

function parsed(source: ManifestSource): Config {
  const [document, second] = yamlDocuments({ ...source, linesBefore: 0 });
  if (!document) return {};
  if (second) throw errorAt(source, second.positionOf([]), 'a config file has one document');
  const [duplicate] = document.duplicateKeys;
  if (duplicate) throw errorAt(source, duplicate.position, `"${duplicate.key}" is written twice`);
  const result = Config.safeParse(document.value);
  if (result.success) return result.data;
  throw wrong(source, document, result.error.issues[0]);
}

function wrong(source: ManifestSource, document: YamlDocument, issue: z.core.$ZodIssue | undefined): InputError {
  const path = (issue?.path ?? []) as (string | number)[];
  if (issue?.code !== 'unrecognized_keys') {
    const message = issue?.code === 'invalid_union' ? settingProblem(document.value, path) : issue?.message;
    return errorAt(source, document.positionOf(path), [fieldPath(path), message].filter(Boolean).join(': '));
  }
  const [key = ''] = issue.keys;
  const what =
    path.at(-1) === 'rules'
      ? `no rule "${key}": \`k8s-rollout-test explain\` lists the rules`
      : `unknown key "${key}": docs/silencing.md has the keys`;
  return errorAt(source, document.positionOf([...path, key]), what);
}

function settingProblem(config: unknown, path: readonly (string | number)[]): string {
  const value = path.reduce<unknown>((part, key) => (part as Record<string | number, unknown>)[key], config);
  const levels = 'off, on, error, warning or info';
  return typeof value === 'object' ? `needs a severity (${levels}), and may have a reason` : `must be ${levels}`;
}

function settingsOf(rules: Readonly<Record<string, Setting | undefined>> = {}): RuleSettings {
  return Object.fromEntries(
    Object.entries(rules).flatMap(([id, setting]): [string, RuleSetting][] =>
      setting === undefined ? [] : [[id, settingFrom(setting)]],
    ),
  );
}

function settingFrom(setting: Setting): RuleSetting {
  const { severity, reason } = typeof setting === 'object' ? setting : { severity: setting, reason: undefined };
  const level = typeof severity === 'boolean' ? (severity ? 'on' : 'off') : severity;
  return { severity: level, ...(reason !== undefined && { reason }) };
}

/** Without fields that are undefined. */
function defined<T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]: Exclude<T[Key], undefined> };
}
