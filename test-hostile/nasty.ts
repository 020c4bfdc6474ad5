/** Texts that no name, value, path or log line should contain, by what they attack. */

const text = (...codePoints: number[]) => String.fromCodePoint(...codePoints);

export const NASTY: Readonly<Record<string, readonly string[]>> = {
  'commands a terminal': [
    `a${text(0x1b)}[31mred`,
    `b${text(0x1b)}]0;title${text(7)}`,
    `c${text(0x9b)}2J`,
    `d${text(0x90)}q${text(0x9c)}`,
    'e\rover',
    `f${text(0)}${text(8)}${text(0x7f)}`,
  ],
  'deceives its reader': [
    `a${text(0x202e)}lmay.evil`,
    `b${text(0x2066)}x${text(0x2069)}`,
    `c${text(0x200b)}${text(0xfeff)}${text(0xad)}`,
    `d${text(0xe0041)}`,
    `e${text(0x2028)}next${text(0x2029)}line`,
    `f${text(0x3164)}`,
  ],
  'is not well-formed': [`a${text(0xd800)}`, `${text(0xdfff)}b`, `c${text(0xfffe)}${text(0xffff)}`, 'd\\ud800'],
  'commands GitHub': [
    '::error::x',
    'a\n::error file=x::y',
    'b\n   ::stop-commands::z',
    'c%0A::error::x',
    'd\r::error::x',
    '##[error]x',
    'e##[group]x',
    '##vso[task.complete]',
    'f, title=x::y',
    `${'long words that are folded '.repeat(4)}::error::x`,
    ` ${text(0xa0)}::warning::x`,
  ],
  'is markup': [
    '<img src=x onerror=alert(1)>',
    ']]><x/>',
    '</style><script>',
    '&amp;&#1;',
    '"\' onload="x',
    '| a | b |',
    '`x` ```',
    '[x](javascript:x)',
    '@someone',
    'https://evil.example/',
    '# SKIP',
    '<!-- -->',
  ],
  'is YAML': ['a: b', '- c', '# d', '{e}', '*f', '"', 'null', '---', '%TAG'],
  'is too long': ['x'.repeat(200_000), 'word '.repeat(20_000), `${text(0x1f600)}`.repeat(2000)],
};

export const ALL_NASTY = Object.values(NASTY).flat();

/** Characters that no output may contain, in any format. Lone surrogates become U+FFFD when decoded. */
export const UNSEEN = /[^\P{Cc}\n\t]|\p{Cf}|\p{Cs}|[\u2028\u2029\ufffe\uffff\u3164]/u;

/** A line that GitHub's runner would treat as a command. */
export const LOG_COMMAND = /^\s*::|##\w*\[/m;
