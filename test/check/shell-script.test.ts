// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text of a shell
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pid1 } from '../../src/check/pid1.ts';
import { readScript, shellInput } from '../../src/check/shell-script.ts';
import { stayOf } from '../../src/check/staying.ts';

describe('the commands of a script, and which process runs each', () => {
  const table: [script: string, commands: string[], end: string][] = [
    ['node a.js', ['line node a.js'], 'command'],
    ['a; b "x\ny; exec z" c', ['line a', 'line b x\ny; exec z c'], 'command'],
    ["a 'b; c'\\ d", ['line a b; c d'], 'command'],
    ['a # b; c', ['line a'], 'command'],
    ['a#b', ['line a#b'], 'command'],
    ['a \\\n  b', ['line a b'], 'command'],
    ['a\r\nb\r\n', ['line a', 'line b'], 'command'],
    ['cat <<EOF\nexec npm start\nEOF\nnode a', ['line cat >', 'line node a'], 'command'],
    ["cat <<-'E'; b\n\t$( ' \n\tE\nc", ['line cat >', 'line b', 'line c'], 'command'],
    ['cat <<A <<B\nA\nB\nc', ['line cat >', 'line c'], 'command'],
    ['cat <<< "a b"; c', ['line cat >', 'line c'], 'command'],
    ['a 2>&1 >log; b', ['line a >', 'line b'], 'command'],
    ['exec 3>&1; a', ['line exec >', 'line a'], 'command'],
    ['a && b || c', ['line a', 'line b', 'branch c'], 'command'],
    ['a | b', ['child a', 'child b'], 'pipeline'],
    ['a & b', ['child a', 'line b'], 'command'],
    ['a &', ['child a'], 'background'],
    ['(a; b)', ['child a', 'child b'], 'compound'],
    ['{ a; b; }', ['branch a', 'branch b'], 'compound'],
    ['if a; then b; elif c; then d; else e; fi', ['a', 'b', 'c', 'd', 'e'].map((name) => `branch ${name}`), 'compound'],
    ['for x in a b; do c; done', ['branch c'], 'loop'],
    ['for ((i=0;i<3;i++)); do c; done', ['branch c'], 'loop'],
    ['while a; do b; done >log', ['branch a', 'branch b'], 'loop'],
    ['case $x in a|"b c") d;; (e) f ;& *) g; esac; h', ['branch d', 'branch f', 'branch g', 'line h'], 'command'],
    ['f() { a; }', ['branch a'], 'nothing'],
    ['function f { a; }; f', ['branch a', 'line f'], 'command'],
    ['! a', ['line a'], 'compound'],
    ['[[ $x =~ ^(a|b)$ && $y < z ]] && a', ['line a'], 'command'],
    ['((x++)); a', ['line a'], 'command'],
    ['A=b C="d e" f', ['line A=b C=d e f'], 'command'],
    ['a=(x "y z)"); b', ['line a=(x "y z)")', 'line b'], 'command'],
    ['a $(b; c) `d`', ['child b', 'child c', 'line a $(b; c) `d`'], 'command'],
    ['a "$(case x in b) c;; esac)"; d', ['child c', 'line a $(case x in b) c;; esac)', 'line d'], 'command'],
    ['a $((1 + (2 << 3))); b', ['line a $((1 + (2 << 3)))', 'line b'], 'command'],
    ['a "${b:-"c}"}"; d', ['line a ${b:-"c}"}', 'line d'], 'command'],
    ["a $'it\\'s; b'; c", ["line a $'it\\'s; b'", 'line c'], 'command'],
    ['diff <(a) >(b)', ['child a', 'child b', 'line diff <(a) >(b)'], 'command'],
    ['', [], 'nothing'],
    ['# a', [], 'nothing'],
  ];
  for (const [script, commands, end] of table) {
    test(JSON.stringify(script), () => {
      const read = readScript(script);
      const shown = read?.commands.map(({ words, redirected, place }) =>
        [place, ...words, ...(redirected ? ['>'] : [])].join(' '),
      );
      assert.deepEqual([shown, read?.end], [commands, end]);
    });
  }
});

describe('not understood', () => {
  const table = [
    "'",
    '"',
    '`',
    '$(',
    '${',
    '$((',
    '$((1)',
    '(',
    '{ a',
    'a )',
    'a }; }',
    '[[ a',
    "$'",
    'cat <<E',
    'cat <<E\nx',
    'a=(b',
    'if a; then b',
    'if a; fi',
    'fi',
    'then a',
    'for; do a; done',
    'case a in b',
    'a;;',
    'a & ; b',
    '| a',
    'a | | b',
    '>',
    'a >',
    'f() a',
    'f(x) { a; }',
    'coproc a',
    '$[1+2]',
    'a\0b',
    '( '.repeat(100_000),
    '$('.repeat(40_000),
    '"${'.repeat(40_000),
    'a'.repeat(131_072),
  ];
  for (const script of table) {
    test(JSON.stringify(script).slice(0, 40), () => {
      assert.equal(readScript(script), undefined);
      assert.deepEqual(pid1(['sh', '-c', script]), { kind: 'unknown' });
      const preStop = { exec: { command: ['sh', '-c', `sleep 5\n${script}`] } };
      assert.equal(stayOf({ name: 'app', lifecycle: { preStop } }, 0).preStopSeconds, undefined);
    });
  }
});

describe('PID 1', () => {
  const table: [command: string[], image: string, kind: string][] = [
    [['sh', '-c', 'node a.js'], '', 'shell'],
    [['sh', '-c', 'cat <<E\nexec node a.js\nE\nnode a.js'], '', 'shell'],
    [['sh', '-c', 'echo "\nexec node a.js"; node a.js'], '', 'shell'],
    [['sh', '-c', 'echo "\nnode b.js"; exec node a.js'], '', 'app'],
    [['sh', '-c', 'if a; then exec node a.js; else exec node b.js; fi'], '', 'unknown'],
    [['sh', '-c', 'f() { exec node a.js; }; f'], '', 'unknown'],
    [['sh', '-c', 'a || exec node a.js'], '', 'unknown'],
    [['sh', '-c', '[ -x a ] && exec a; exec b'], '', 'unknown'],
    [['sh', '-c', '(exec a); node a.js'], '', 'shell'],
    [['sh', '-c', 'exec 2>&1; node a.js'], '', 'shell'],
    [['sh', '-c', 'a; exec npm start'], '', 'npm'],
    [['sh', '-c', 'while :; do trap x TERM; done'], '', 'unknown'],
    [['sh', '-c', '. ./start'], '', 'unknown'],
    [['sh', '-c', '. ./env && node a.js'], '', 'shell'],
    [['sh', '-c', 'node a.js &'], '', 'unknown'],
    [['sh', '-c', ''], '', 'unknown'],
    // No advice to add exec in these cases.
    [['sh', '-c', '["npm", start]'], '', 'shell'],
    [['sh', '-c', '[ -f x ] && node a.js'], '', 'shell'],
    // Observed with bash 5.2.
    [['bash', '-c', 'a=$((1 + 2)); node a.js $a'], '', 'app'],
    [['bash', '-c', 'a || node a.js'], '', 'app'],
    [['bash', '-c', 'node a.js >log'], '', 'shell'],
    [['bash', '-c', 'if a; then node a.js; fi'], '', 'shell'],
    [['bash', '-euo', 'pipefail', '-c', 'exec node a.js'], '', 'app'],
    [['bash', '-o', 'pipefail', '-c', 'npm start'], '', 'npm'],
    [['ash', '-c', 'npm start'], '', 'npm'],
    [['ash', '-c', 'npm start >log'], '', 'unknown'],
    [['sh', '-c', 'npm start | tee log'], 'node:24-alpine', 'shell'],
    [['sh', '-c', 'if a; then npm start; fi'], 'node:24-alpine', 'unknown'],
    [['constructor', 'x'], '', 'app'],
  ];
  for (const [command, image, kind] of table) {
    test(`of ${JSON.stringify(command)} ${image}: ${kind}`, () => assert.equal(pid1(command, image).kind, kind));
  }
});

describe('exec is advised', () => {
  const fixed = (script: string) => {
    const found = pid1(['sh', '-c', script]);
    return found.kind === 'shell' ? found.fixed : found.kind;
  };
  test('for one command', () => assert.equal(fixed('node a.js "$@"'), 'exec node a.js "$@"'));
  for (const script of ['a; node b', 'node a >log', 'A=b node a', '((x)); node a', 'node a | b', '["npm", start]']) {
    test(`not for ${script}`, () => assert.equal(fixed(script), undefined));
  }
});

describe('what a shell runs', () => {
  const table: [args: string[], input: object | undefined][] = [
    [['-c', 'a'], { script: 'a' }],
    [['-ec', 'a', 'b'], { script: 'a' }],
    [['-c', '-e', 'a'], { script: 'a' }],
    [['-o', 'pipefail', '-c', 'a'], { script: 'a' }],
    [['-euo', 'pipefail', '-c', 'a'], { script: 'a' }],
    [['-c', '--', 'a'], { script: 'a' }],
    [['a.sh', '-c', 'b'], { file: 'a.sh' }],
    [['-x', 'a.sh'], { file: 'a.sh' }],
    [['-c'], undefined],
    [[], undefined],
  ];
  for (const [args, input] of table) test(args.join(' '), () => assert.deepEqual(shellInput(args), input));
});

describe('a preStop script sleeps', () => {
  const table: [script: string, seconds: number | undefined][] = [
    ['echo "\nsleep 50\n"; sleep 5', 5],
    ['cat <<E\nsleep 50\nE\nsleep 5', 5],
    ['sleep 5; exit 0', 5],
    ['[ -f x ] && exit 0; sleep 5', undefined],
    ['if a; then sleep 5; fi', undefined],
    ['while a; do sleep 1; done', undefined],
    ['a || sleep 5', undefined],
    ['sleep 5 & wait', undefined],
    ['sleep "$((2 + 3))"', undefined],
    ['sleep 5 # or 10\nsleep 1', 6],
  ];
  for (const [script, seconds] of table) {
    test(`${JSON.stringify(script)}: ${seconds ?? 'unknown'}`, () => {
      const preStop = { exec: { command: ['sh', '-c', script] } };
      assert.equal(stayOf({ name: 'app', lifecycle: { preStop } }, 0).preStopSeconds, seconds);
    });
  }
  test('not in Python', () => {
    const preStop = { exec: { command: ['python', '-c', 'sleep 5'] } };
    assert.equal(stayOf({ name: 'app', lifecycle: { preStop } }, 0).preStopSeconds, undefined);
  });
});
