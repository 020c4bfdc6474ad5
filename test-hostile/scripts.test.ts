/** Scripts assembled at random from the shell's grammar: what bash understands, the parser understands too. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text of a shell
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { readScript } from '../src/check/shell-script.ts';
import { seededRandom } from '../src/random.ts';

const SEED = Number(process.env.HOSTILE_SEED ?? 1);
const SCRIPTS = 120;
const random = seededRandom(SEED);

const noBash = spawnSync('bash', ['--version']).status !== 0 && 'there is no bash to compare with';

function oneOf(makers: readonly (() => string)[]): string {
  return random.pick(makers)?.() ?? '';
}

const fixed = (...texts: string[]) => texts.map((text) => () => text);

function word(depth: number): string {
  const inner =
    depth > 0 ? [() => `$(${list(depth - 1)})`, () => `"$(${list(depth - 1)})"`, () => `<(${list(depth - 1)})`] : [];
  return oneOf([
    ...fixed('a', "'x; y'", '"p $q"', '$z', '${z:-w}', '$((1+2))', '\\;', '`a "b"`', '"\\""', '--x=y', "$'q\\'q'"),
    ...fixed('${z%"}"}', '"${z:-"a b"}"', '[a-z]*'),
    ...inner,
  ]);
}

function simple(depth: number): string {
  const words = Array.from({ length: Math.floor(random.next() * 3) }, () => word(depth));
  const redirections = fixed('', '', '', ' >out', ' 2>&1', ' <<<x', ' &>l', ' 2>/dev/null <in');
  return `${['cmd', ...words].join(' ')}${oneOf(redirections)}`;
}

function command(depth: number): string {
  if (depth <= 0) return simple(0);
  const inner = () => list(depth - 1);
  return oneOf([
    () => simple(depth),
    () => simple(depth),
    () => `{ ${inner()}; }`,
    () => `( ${inner()} )`,
    () => `if ${inner()}; then ${inner()}; elif ${simple(0)}; then b; else ${inner()}\nfi`,
    () => `while ${inner()}; do ${inner()}; done >x`,
    () => `for v in ${word(0)} ${word(depth - 1)}; do ${inner()}\ndone`,
    () => `for v\ndo ${inner()}; done`,
    () => `for ((i=0; i<3; i++)); do ${inner()}; done`,
    () => `case ${word(depth - 1)} in a|"b c") ${inner()};; (*) ${inner()} ;; esac`,
    () => `f() { ${inner()}; }`,
    () => `function g { ${inner()}; }`,
    () => `[[ ${word(0)} =~ ^(a|b)$ && -f x || ! ( $a < b ) ]]`,
    () => '((x = 1 + (2*3), y<<2))',
    () => `arr=(a "b c" $(${simple(0)}))`,
    () => `A=b C="d" ${simple(0)}`,
    () => `cat <<E | ${simple(0)}\nx ' " \\$( \nE\n:`,
    () => "cat <<-'E'\n\t$( ' \n\tE\n:",
  ]);
}

function list(depth: number): string {
  const between = fixed('; ', '\n', ' && ', ' || ', ' | ', ' & ', ' # c \' "\n', '\n\n# x\n', ' |\n');
  const commands = Array.from({ length: 1 + Math.floor(random.next() * 3) }, () => command(depth));
  return commands.reduce((before, next) => `${before}${oneOf(between)}${next}`);
}

test(`${SCRIPTS} scripts that bash understands (seed ${SEED})`, { skip: noBash }, () => {
  let understood = 0;
  while (understood < SCRIPTS) {
    const script = list(2);
    const bash = spawnSync('bash', ['-n', '-O', 'extglob', '-c', script], { encoding: 'utf8' });
    if (bash.status !== 0 || bash.stderr !== '') continue;
    understood += 1;
    assert.notEqual(readScript(script), undefined, `seed ${SEED}: ${JSON.stringify(script)}`);
  }
});
