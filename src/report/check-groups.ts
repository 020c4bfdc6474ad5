/** Groups findings for people: a block per rule, and in it one text for all workloads that it says the same about. */
import type { Finding } from '../check/finding.ts';
import { nameOf } from '../check/identity.ts';
import { RULES } from '../check/registry.ts';
import type { Severity } from '../check/rule.ts';
import { printable } from '../printable.ts';

export interface Block {
  rule: string;
  severity: Severity;
  findings: Finding[];
  groups: Group[];
}

/** Findings whose messages differ only in the names of object and container. */
export interface Group {
  /** The message without those names. */
  text: string;
  members: { finding: Finding; subject: string }[];
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];

/** The worst first: by severity, then by the number of findings. */
export function blocksOf(findings: readonly Finding[]): Block[] {
  const blocks = new Map<string, Block>();
  for (const finding of findings) {
    const { rule, severity } = finding;
    const key = `${severity} ${rule}`;
    const block = blocks.get(key) ?? { rule, severity, findings: [], groups: [] };
    blocks.set(key, block);
    block.findings.push(finding);
  }
  const place = (rule: string) => RULES.findIndex(({ id }) => id === rule);
  return [...blocks.values()]
    .map((block) => ({ ...block, groups: groupsOf(block.findings) }))
    .toSorted(
      (a, b) =>
        SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
        b.findings.length - a.findings.length ||
        place(a.rule) - place(b.rule),
    );
}

function groupsOf(findings: readonly Finding[]): Group[] {
  const groups = new Map<string, Group>();
  for (const finding of findings) {
    const { subject, text } = withoutSubject(finding);
    const group = groups.get(text) ?? { text, members: [] };
    groups.set(text, group);
    group.members.push({ finding, subject });
  }
  return [...groups.values()];
}

/** Splits a message: `Deployment "shop": container "app" has no hook` is `has no hook` about both names. */
function withoutSubject({ message, object }: Finding): { subject: string; text: string } {
  if (!object) return { subject: '', text: message };
  const name = printable(nameOf(object));
  if (!message.startsWith(`${name}: `)) return { subject: name, text: message };
  const rest = message.slice(name.length + 2);
  const [whole = '', container] = /^(container "[^"]*"):? /.exec(rest) ?? [];
  const subject = container === undefined ? name : `${name}, ${container}`;
  return { subject, text: rest.slice(whole.length) };
}

/** Notes that say the same about several objects, as one, with the first names. */
export function joinedNotes(notes: readonly string[]): string[] {
  const subjects = new Map<string, string[]>();
  for (const note of notes) {
    const [, names, text] = /^(\w+ "[^"]*"(?:, \w+ "[^"]*")*): (.*)$/s.exec(note) ?? [undefined, '', note];
    const about = names?.match(/\w+ "[^"]*"/g) ?? [];
    subjects.set(text ?? note, [...(subjects.get(text ?? note) ?? []), ...about]);
  }
  return [...subjects].map(([text, names]) => (names.length === 0 ? text : `${listed(names)}: ${text}`));
}

function listed(names: readonly string[], most = 3): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ');
}
