/** Manifests that try to break their reader, by kind. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text of other languages
import { seededRandom } from '../src/random.ts';
import { manifestText } from '../test/manifests/manifest-text.ts';

export interface Hostile {
  /** A description, for the test's name. */
  what: string;
  text: string;
}

const GOOD = manifestText();
const POD = 'spec.template.spec';
const APP = `${POD}.containers[0]`;

const named = (texts: Record<string, string>): Hostile[] =>
  Object.entries(texts).map(([what, text]) => ({ what, text }));

/** Text that is not YAML, or YAML that nobody writes. */
export function strangeYaml(): Hostile[] {
  const document = (body: string) => `${GOOD}---\n${body}`;
  return named({
    empty: '',
    'only comments': '# a\n---\n# b\n',
    'a scalar': 'shop',
    'a number': '1e999',
    'a list': '- a\n- b\n',
    'a tab': 'a:\n\tb: 1\n',
    'an open quote': 'a: "b\n',
    'an open bracket': 'a: [b\n',
    'a broken document after good ones': document('a: [\n'),
    'a broken document before good ones': `a: [\n---\n${GOOD}`,
    'duplicate keys': document('apiVersion: v1\nkind: A\nkind: B\n'),
    'a key that is a list': document('apiVersion: v1\nkind: A\n? [a, b]\n: c\n'),
    'a key that is a mapping': document('apiVersion: v1\nkind: Service\n? {a: b}\n: c\n'),
    'a key that is null': GOOD.replace('spec:', 'null: x\nspec:'),
    'a key that is a number': GOOD.replace('app: shop', '1: shop'),
    'a tag of JavaScript': GOOD.replace('name: shop', 'name: !!js/function "function () { throw 1 }"'),
    'a tag of Python': document('apiVersion: v1\nkind: !!python/object/apply:os.system [id]\n'),
    binary: GOOD.replace('name: shop', 'name: !!binary c2hvcA=='),
    'binary that is none': GOOD.replace('name: shop', 'name: !!binary "%%%"'),
    'a set': GOOD.replace('matchLabels:', 'matchLabels: !!set\n        ? a\n      other:'),
    'an ordered map': document('apiVersion: v1\nkind: Service\nmetadata: !!omap [a: 1, b: 2]\n'),
    'an ordered map with a key twice': document('apiVersion: v1\nkind: Service\nmetadata: !!omap [a: 1, a: 2]\n'),
    pairs: document('apiVersion: v1\nkind: Service\nmetadata: !!pairs [a: 1, a: 2]\n'),
    'a timestamp': GOOD.replace('name: shop', 'name: !!timestamp 2001-01-01'),
    'a timestamp that is none': GOOD.replace('name: shop', 'name: !!timestamp x'),
    'a float that is none': GOOD.replace('replicas: 3', 'replicas: !!float x'),
    'an int that is none': GOOD.replace('replicas: 3', 'replicas: !!int x'),
    'a tag of its own': GOOD.replace('kind: Deployment', 'kind: !mine Deployment'),
    'a directive of tags': `%TAG ! tag:example.com,2000:\n---\n${GOOD}`,
    'a directive twice': `%YAML 1.2\n%YAML 1.2\n---\n${GOOD}`,
    'a version from the future': `%YAML 9.9\n---\n${GOOD}`,
    'version 1.1': `%YAML 1.1\n---\n${GOOD}`,
    'a directive without a document': '%YAML 1.2\n',
    'an unknown directive': `%X y\n---\n${GOOD}`,
    'an alias to nothing': GOOD.replace('name: shop', 'name: *nothing'),
    'an alias to another document': `a: &a b\n---\n${GOOD.replace('name: shop', 'name: *a')}`,
    'an alias to itself': document('apiVersion: v1\nkind: Service\nmetadata: &a {name: x, b: *a}\n'),
    'a merge of itself': document('apiVersion: v1\nkind: Service\nmetadata: &a {name: x, <<: *a}\n'),
    'a merge of a text': document('apiVersion: v1\nkind: Service\nmetadata: {name: x, <<: y}\n'),
    'a merge of a list of texts': document('apiVersion: v1\nkind: Service\nmetadata: {name: x, <<: [y, z]}\n'),
    'merges in merges': document(
      'a: &a {name: x}\nb: &b {<<: *a}\napiVersion: v1\nkind: A\nmetadata: {<<: [*a, *b]}\n',
    ),
    'an anchor twice': GOOD.replaceAll('name: shop', 'name: &a shop'),
    'a byte order mark in the middle': document('\ufeffapiVersion: v1\nkind: A\n'),
    'lines of Windows': GOOD.replaceAll('\n', '\r\n'),
    'lines of old Macs': GOOD.replaceAll('\n', '\r'),
    'lines that end with NEL': GOOD.replaceAll('\n', '\u0085'),
    'lines that end with LS': GOOD.replaceAll('\n', '\u2028'),
    'control characters': GOOD.replaceAll('shop', 'sh\u001b[31mop'),
    'escaped control characters': GOOD.replaceAll('name: shop', 'name: "\\e]0;x\\a\\0\\r\\n::error::x"'),
    'half a surrogate pair': GOOD.replaceAll('name: shop', 'name: "\\ud800"'),
    'text that goes the other way': GOOD.replaceAll('name: shop', 'name: "\\u202e\\u2066x"'),
    'a document end in a text': document('apiVersion: v1\nkind: A\na: |\n  x\n---\n  y\n'),
    'dashes in a text': document('apiVersion: v1\nkind: A\na: |\n  ---\n  y\n'),
    'many document ends': `${GOOD}\n...\n...\n...\n`,
    'a template of Helm': 'apiVersion: {{ .Values.a }}\nkind: Deployment\n',
    'a template of Helm in a text': GOOD.replace('name: shop', 'name: "{{ .Release.Name }}"'),
    'a template of Helm that is a block': `{{- if .Values.on }}\n${GOOD}{{- end }}\n`,
    'a template of Jinja': `{% if a %}\n${GOOD}{% endif %}\n`,
    JSON: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [] }),
    'JSON that ends early': '{"apiVersion": "v1", "kind": "Li',
    'JSON of several lines without dashes': '{"apiVersion":"v1","kind":"A"}\n{"apiVersion":"v1","kind":"B"}\n',
    'JSON with a comment': '{"apiVersion":"v1", /* x */ "kind":"A"}',
    HTML: '<!DOCTYPE html><html><body>Not found</body></html>',
    'an error of kubectl': 'error: the server doesn\'t have a resource type "x"\n',
    'a shell script': '#!/bin/sh\nset -e\nkubectl apply -f -\n',
    'a diff': '--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n',
  });
}

/** Large or deep inputs. A few per kind are enough, because each takes a while. */
export function largeYaml(): Hostile[] {
  const labels = Array.from({ length: 20_000 }, (_, index) => `k${index}: v`).join(', ');
  const aliases = (levels: number, width: number) =>
    Array.from({ length: levels }, (_, level) => {
      const items =
        level === 0
          ? 'x'
          : Array(width)
              .fill(`*l${level - 1}`)
              .join(', ');
      return `l${level}: &l${level} [${items}]\n`;
    }).join('');
  const merges = Array.from({ length: 200 }, (_, level) =>
    level === 0 ? 'm0: &m0 {k0: v}\n' : `m${level}: &m${level} {<<: *m${level - 1}, k${level}: v}\n`,
  ).join('');
  return named({
    'a bomb of aliases': aliases(9, 10),
    'a wide bomb of aliases': aliases(3, 300),
    'merges upon merges': `${merges}apiVersion: v1\nkind: A\n`,
    'nested lists': '['.repeat(5000),
    'nested lists that end': '['.repeat(5000) + ']'.repeat(5000),
    'nested mappings': '{a: '.repeat(5000) + '}'.repeat(5000),
    'nested blocks': Array.from({ length: 1500 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join(''),
    'dashes in one line': '- '.repeat(5000),
    'question marks': '? '.repeat(5000),
    'many anchors': '&a '.repeat(5000),
    'many empty documents': '---\n'.repeat(100_000),
    'many ends of documents': '...\n'.repeat(20_000),
    'many comments': '# x\n'.repeat(50_000),
    'many spaces': `a:${' '.repeat(500_000)}b\n`,
    'many blank lines': '\n'.repeat(200_000),
    'a long line': `${GOOD}x: ${'y'.repeat(1_000_000)}\n`,
    'a long quoted text': `a: "${'\\n'.repeat(200_000)}"\n`,
    'a long folded text': `a: >\n${'  x\n'.repeat(100_000)}`,
    'a long key': `${'k'.repeat(1_000_000)}: v\n`,
    'many labels': GOOD.replace('matchLabels:\n', `other: {${labels}}\n    matchLabels:\n`),
    'a selector of many labels': GOOD.replace('app: shop\n', `app: shop\n      <<: {${labels}}\n`),
    'a name of a megabyte': GOOD.replaceAll('name: shop', `name: ${'s'.repeat(1_000_000)}`),
    'a list in a list': JSON.stringify(
      Array.from({ length: 200 }).reduce<object>((inner) => ({ apiVersion: 'v1', kind: 'List', items: [inner] }), {
        apiVersion: 'v1',
        kind: 'A',
      }),
    ),
    'many workloads': Array.from({ length: 300 }, (_, index) => GOOD.replaceAll('shop', `shop${index}`)).join('---\n'),
    'the same workload many times': Array(300).fill(GOOD).join('---\n'),
    'many containers': manifestText({
      deployment: {
        [`${POD}.containers`]: Array.from({ length: 2000 }, (_, i) => ({
          name: `c${i}`,
          ports: [{ containerPort: i + 1 }],
        })),
      },
    }),
    'many ports': manifestText({
      deployment: { [`${APP}.ports`]: Array.from({ length: 5000 }, (_, index) => ({ containerPort: index + 1 })) },
      service: { 'spec.ports': Array.from({ length: 5000 }, (_, index) => ({ port: index + 1, name: `p${index}` })) },
    }),
  });
}

const SEED = Number(process.env.HOSTILE_SEED ?? 20_261_126);

/** A valid manifest with characters removed, inserted and swapped. */
export function garbled(count: number): Hostile[] {
  const random = seededRandom(SEED);
  const integer = (below: number) => Math.floor(random.next() * below);
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    '\n',
    '- ',
    ': ',
    '"',
    "'",
    '&a ',
    '*a',
    '|',
    '>',
    '!',
    '%',
    '#',
    '\t',
    '---\n',
    '<<: ',
    '\\',
    '~',
    '\u0000',
    '\ud800',
    '?',
    ',',
  ];
  return Array.from({ length: count }, (_, index) => {
    let text = GOOD;
    for (let changes = 1 + integer(4); changes > 0; changes--) {
      const at = integer(text.length);
      const length = integer(3) === 0 ? integer(20) : 0;
      text = text.slice(0, at) + (pieces[integer(pieces.length)] ?? '') + text.slice(at + length);
    }
    return { what: `seed ${SEED}, number ${index}`, text };
  });
}

/** A manifest whose container runs this in a shell, and whose preStop hook does too. */
export function withScript(script: string): string {
  return manifestText({
    deployment: {
      [`${APP}.command`]: ['sh', '-c', script],
      [`${APP}.lifecycle.preStop.exec.command`]: ['/bin/sh', '-c', script],
    },
  });
}
