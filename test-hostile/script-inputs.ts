/** Shell scripts and Dockerfiles that try to break their reader. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text of other languages
import { seededRandom } from '../src/random.ts';
import type { Hostile } from './manifest-inputs.ts';

const SEED = Number(process.env.HOSTILE_SEED ?? 20_261_126);

const UNCLOSED = [
  "'",
  '"',
  '`',
  '$(',
  '${',
  '$((',
  '((',
  '(',
  '{ ',
  '[[ ',
  "$'",
  '<(',
  'cat <<E\n',
  'cat <<-E\n\tx\n',
  'a=(',
  'if a; then ',
  'case a in ',
  'case a in b) ',
  'for x in a; do ',
  'while a; do ',
  'f() { ',
  '"${a:-',
  '"$(',
  '$(case x in ',
];
const STRAY = [
  ')',
  '}',
  'fi',
  'done',
  'esac',
  'then',
  ';;',
  '&&',
  '||',
  '|',
  ';',
  '&',
  '>',
  '<',
  '<<',
  '2>',
  '!',
  '((',
  ']]',
  'do',
  '&& a',
  '| a',
  'a ;; b',
  'a & ; b',
  'f()',
  'function',
  'for',
  'case',
  'in',
];

/** Every construct of a shell script, closed and unclosed, once and a hundred thousand times. */
export function hostileScripts(): Hostile[] {
  const pieces = [
    ...UNCLOSED,
    ...STRAY,
    'node server.js',
    'exec node server.js',
    'sleep 5',
    "trap 'x' TERM",
    '\n',
    ' ',
    '\\',
    '#',
    '$',
    '"a b"',
    "'c'",
    '$x',
    '${y:-z}',
    '$(date)',
    ' E\n',
    '<<< x',
    '2>&1',
    '!(a|b)',
    '\u00a0',
    '\r\n',
  ];
  const random = seededRandom(SEED);
  const mixed = Array.from({ length: 150 }, (_, index) => ({
    what: `seed ${SEED}, script ${index}`,
    text: Array.from({ length: 1 + Math.floor(random.next() * 8) }, () => random.pick(pieces)).join(
      random.next() < 0.5 ? '' : ' ',
    ),
  }));
  const simple = [...UNCLOSED, ...STRAY].flatMap((piece) => [
    piece,
    `${piece} node server.js`,
    `exec node server.js ${piece}`,
  ]);
  const many = UNCLOSED.map((piece) => ({ what: `${JSON.stringify(piece)} many times`, text: piece.repeat(5_000) }));
  const long = ['a', 'a ', 'a;', 'a|', 'a\n', '\\\n', '# a\n', "'a'", '$a'].map((piece) => ({
    what: `${JSON.stringify(piece)}, 200 kB`,
    text: piece.repeat(Math.ceil(200_000 / piece.length)),
  }));
  return [...simple.map((text) => ({ what: JSON.stringify(text), text })), ...mixed, ...many, ...long];
}

/** Dockerfiles. Other tests cover their findings. */
export function hostileDockerfiles(): Hostile[] {
  const files: Record<string, string> = {
    empty: '',
    'no FROM': 'CMD ["a"]\n',
    'a FROM without an image': 'FROM\nCMD a\n',
    'an image by variable': 'FROM ${A:-${B:-c}}\nCMD a\n',
    'a stage from itself': 'FROM a AS a\nFROM a AS a\nCMD x\n',
    'a stage with the name of a property':
      'FROM a AS __proto__\nFROM __proto__ AS constructor\nFROM constructor\nCMD x\n',
    'an array that is no JSON': 'FROM a\nCMD ["npm", start]\n',
    'an array in single quotes': "FROM a\nCMD ['npm', 'start']\n",
    'an open array': 'FROM a\nCMD ["npm",\n',
    'an empty array': 'FROM a\nCMD []\nENTRYPOINT []\n',
    'an array of numbers': 'FROM a\nCMD [1, null, {}]\n',
    'deep arrays': `FROM a\nCMD ${'['.repeat(50_000)}${']'.repeat(50_000)}\n`,
    'no arguments': 'FROM a\nCMD\nENTRYPOINT\nSHELL\nSTOPSIGNAL\n',
    'a shell that is no array': 'FROM a\nSHELL foo\nCMD npm start\n',
    'an empty shell': 'FROM a\nSHELL []\nCMD npm start\n',
    'a heredoc': 'FROM a\nRUN <<EOF\nCMD npm start\nEOF\nCMD exec node a\n',
    'an open heredoc': `FROM a\nRUN <<EOF\n${'CMD npm start\n'.repeat(2000)}`,
    'a heredoc in CMD': 'FROM a\nCMD <<EOF\nexec npm start\nEOF\n',
    'an escape directive': '# escape=`\nFROM a\nCMD exec `\n node a\n',
    'a wrong escape directive': '# escape=xy\nFROM a\nCMD exec \\\n node a\n',
    'a backslash at the end': 'FROM a\nCMD exec node a \\',
    'only backslashes': '\\\n'.repeat(20_000),
    'a byte order mark': '\ufeffFROM a\nCMD x\n',
    'lines of Windows': 'FROM a\r\nCMD exec \\\r\n node a\r\n',
    'control characters': 'FROM a\u001b[31m\nCMD \u001b]0;x\u0007 \u0000\n',
    'an open ${': 'FROM a\nCMD echo ${\n',
    'an open quote': 'FROM a\nCMD echo "x\n',
    'unknown instructions': 'FROM a\nXYZ 1\n\u00e9\u00e9\n::error::x\n',
    'a stop signal of variables': 'FROM a\nSTOPSIGNAL ${SIG:-${X}}\nCMD ["a"]\n',
    'a long line': `FROM a\nCMD ${'x '.repeat(30_000)}\n`,
    'many stages': 'FROM a AS b\n'.repeat(3000),
    'many instructions': `FROM a\n${'RUN x\n'.repeat(5000)}`,
    YAML: 'apiVersion: v1\nkind: Pod\n',
  };
  return Object.entries(files).map(([what, text]) => ({ what, text }));
}
