/** Decides whether somebody has silenced a finding, and says who and why. */
import * as z from 'zod';
import { Labels } from '../../kubernetes-rules/written-objects.ts';
import type { Finding } from '../finding.ts';
import { nameOf } from '../identity.ts';
import { type CheckSettings, settingOf } from '../settings.ts';
import { type Ignore, ignoresIn, OWN_ANNOTATION } from './annotations.ts';

export interface Silence {
  kind: 'annotation' | 'config' | 'flag' | 'baseline';
  /** The annotation and its object, the config file, the flag, or the baseline file. */
  by: string;
  /** In the user's words, if given. */
  reason?: string;
}

/** What of an object can silence rules. */
export interface Annotated {
  kind: string;
  metadata: { name: string; annotations?: Record<string, string> | undefined };
  /** A workload has a pod template. */
  spec?: unknown;
}

export interface SilencedFinding extends Finding {
  silence: Silence;
}

/**
 * @param objects whose annotations apply: the workload, and the object that the finding points to
 * @returns undefined if none of them silences the rule
 */
export function silenceByAnnotation(rule: string, objects: readonly Annotated[]): Silence | undefined {
  for (const object of objects) {
    const ignore = ignoresOf(object).find(({ rules }) => rules.includes(rule));
    if (!ignore) continue;
    const by = `${ignore.annotation} of ${nameOf({ kind: object.kind, name: object.metadata.name })}`;
    return { kind: 'annotation', by, ...(ignore.reason !== undefined && { reason: ignore.reason }) };
  }
  return undefined;
}

/**
 * @param object that settings for workloads may name
 * @returns undefined if no config file and no flag turns the rule off
 */
export function silenceBySetting(
  rule: string,
  settings: CheckSettings,
  object: Finding['object'],
): Silence | undefined {
  if (settings.disabled.includes(rule)) return { kind: 'flag', by: '--disable' };
  const setting = settingOf(settings, rule, object);
  if (setting?.severity !== 'off') return undefined;
  const { reason } = setting;
  return { kind: 'config', by: settings.file ?? 'config', ...(reason !== undefined && { reason }) };
}

/** Annotations that silence a rule without a reason, or that name no rule, one line each. */
export function annotationNotes(objects: readonly Annotated[]): string[] {
  const own = objects.flatMap((object) =>
    ignoresOf(object)
      .filter(({ annotation }) => annotation === OWN_ANNOTATION)
      .map((ignore) => ({ ...ignore, where: nameOf({ kind: object.kind, name: object.metadata.name }) })),
  );
  return own.flatMap(({ where, rules, unknown, reason }) => [
    ...unknown.map((name) => `${where}: ${OWN_ANNOTATION} names "${name}", which is no rule: \`explain\` lists them.`),
    ...(reason === undefined && rules.length > 0
      ? [`${where}: ${OWN_ANNOTATION} gives no reason for ${rules.join(', ')}: write one after a semicolon.`]
      : []),
  ]);
}

/** Of the object's own metadata, and of a workload's pod template. */
function ignoresOf({ metadata, spec }: Annotated): Ignore[] {
  const { data } = Templated.safeParse(spec);
  return [...ignoresIn(metadata.annotations), ...ignoresIn(data?.template.metadata?.annotations)];
}

const Templated = z.object({
  template: z.object({ metadata: z.object({ annotations: Labels.optional() }).optional() }),
});
