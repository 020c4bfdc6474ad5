/** What text from outside becomes before it is shown. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import {
  logLine,
  printable,
  printableData,
  printableLines,
  printableName,
  screenText,
  withoutLogCommands,
} from '../../src/printable.ts';
import { jsonText } from '../../src/report/json.ts';
import { element, withoutCommandsInMarkup, xmlRoot, xmlText } from '../../src/report/xml.ts';
import { yamlText } from '../../src/yaml-text.ts';
import { ALL_NASTY, LOG_COMMAND, UNSEEN } from '../../test-hostile/nasty.ts';

describe('in one line', () => {
  const table: [what: string, text: string, shown: string][] = [
    ['plain text', 'web-1 ✓ größer 値 👍', 'web-1 ✓ größer 値 👍'],
    ['a style selector', 'a \u26a0\ufe0f b', 'a \u26a0\ufe0f b'],
    ['line ends', 'a\r\nb\nc\u2028d', 'a b c d'],
    ['an escape sequence', '\u001b[31mred\u009b0m', ' [31mred 0m'],
    ['bidirectional overrides', 'a\u202eb\u2066c', 'a\ufffdb\ufffdc'],
    ['zero-width characters', 'pay\u200bload\ufeff', 'pay\ufffdload\ufffd'],
    ['tags', 'a\u{e0041}', 'a\ufffd'],
    ['half a surrogate pair', 'a\ud800b', 'a\ufffdb'],
    ['a noncharacter', 'a\uffff', 'a\ufffd'],
  ];
  for (const [what, text, shown] of table) test(what, () => assert.equal(printable(text), shown));

  test('long text is shortened in the middle, and no surrogate pair is split', () => {
    const cut = printable(`/folder/${'x'.repeat(1e6)}/file.yaml`);
    assert.equal(cut.length, 1000);
    assert.match(cut, /^\/folder\/x+ … x+\/file\.yaml$/);
    assert.equal(printableName('y'.repeat(200)).length, 100);
    assert.ok(printable(`a${'👍'.repeat(1000)}`).isWellFormed());
    assert.ok(printable('👍'.repeat(1000)).isWellFormed());
  });
});

test('line breaks and our own colours are kept', () => {
  assert.equal(printableLines('a\r\nb\n\tc\rd\u001b[1m'), 'a\nb\n\tc d [1m');
  assert.equal(
    screenText('\u001b[31mred\u001b[39m\n\u001b[2Jx\u001b]0;t\u0007'),
    '\u001b[31mred\u001b[39m\n [2Jx ]0;t ',
  );
});

test('every string in plain data becomes printable, and nothing else changes', () => {
  const data = { 'a\n': ['b\n', 1, null, { c: 'd\u001b' }], e: undefined };
  assert.deepEqual(printableData(data), { 'a\n': ['b ', 1, null, { c: 'd ' }], e: undefined });
});

describe('an inserted space disables commands of CI systems', () => {
  const table: [text: string, shown: string][] = [
    ['::error::x', ': :error::x'],
    ['a\n  \t::error::x', 'a\n  \t: :error::x'],
    ['a ::error::x', 'a ::error::x'],
    ['x ##[error]y', 'x # #[error]y'],
    ['##vso[a] ###[b]', '# #vso[a] ## #[b]'],
    ['std::string', 'std::string'],
    ['## Title', '## Title'],
  ];
  for (const [text, shown] of table) {
    test(JSON.stringify(text), () => {
      assert.equal(withoutLogCommands(text), shown);
      assert.doesNotMatch(withoutLogCommands(text), LOG_COMMAND);
    });
  }
});

/** The text after encoding and decoding: UTF-8 cannot represent an unpaired surrogate. */
const decoded = (text: string) => text.toWellFormed();

describe('every hostile text', () => {
  for (const [index, text] of ALL_NASTY.entries()) {
    test(`${index}: ${printableName(text)}`, () => {
      const plain = screenText(text).replaceAll('\u001b[31m', '');
      for (const shown of [printable(text), printableName(text), logLine(text), plain]) {
        assert.doesNotMatch(shown, UNSEEN);
      }
      assert.ok(logLine(text).length <= 1500);
      assert.doesNotMatch(logLine(text), LOG_COMMAND);
      assert.doesNotMatch(screenText(text), LOG_COMMAND);

      const json = jsonText({ [text]: [text] });
      assert.deepEqual(JSON.parse(json), { [decoded(text)]: [decoded(text)] });
      const yaml = yamlText({ [text.slice(0, 500)]: [text], nested: { text: `${text}\n${text}` } });
      assert.deepEqual(parse(yaml), { [text.slice(0, 500)]: [text], nested: { text: `${text}\n${text}` } });
      const xml = xmlText(element(xmlRoot('a', { b: text }), 'c', { d: text }, text).root());
      for (const document of [json, yaml, xml]) {
        assert.doesNotMatch(document, UNSEEN);
        assert.doesNotMatch(document, LOG_COMMAND);
      }
    });
  }
});

test('text that looks like a character reference stays text', () => {
  const xml = xmlText(element(xmlRoot('a', {}), 'b', { c: '&#1;' }, 'x &amp; &nope; & <').root());
  assert.match(xml, /<b c="&amp;#1;">x &amp;amp; &amp;nope; &amp; &lt;<\/b>/);
});

test('character references disable a command in markup without changing the text', () => {
  assert.equal(withoutCommandsInMarkup('<a>\n  ::x ##[y] a::b</a>'), '<a>\n  &#58;:x &#35;#[y] a::b</a>');
});
