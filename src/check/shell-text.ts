/**
 * Reads the words of a shell script: quotes, escapes, expansions, comments, here-documents. POSIX sh and bash's
 * additions.
 */

/** Thrown for text that this reader does not understand. Caught in `readScript`. */
export class Unparsable extends Error {
  override name = 'Unparsable';
}

export interface ShellWord {
  /** Without its quotes; expansions are kept as written (`$NAME`, `$(date)`). */
  text: string;
  /** No part of it was quoted, so it may be a reserved word. */
  bare: boolean;
}

/** Linux rejects longer arguments (MAX_ARG_STRLEN), and arguments with a NUL. */
const LONGEST_ARGUMENT = 131_072;
/** Deeper than any real script; deeper nesting could overflow the stack. */
const MAX_DEPTH = 50;

const BLANK = /[ \t]/;
const ENDS_WORD = /[\s;&|()<>]/;
/** `NAME=`, `NAME+=`, `NAME[1]=`: the beginning of an array assignment, before its parenthesis. */
const ARRAY_START = /^[A-Za-z_]\w*(\[[^\]]*\])?\+?=$/;

export abstract class ShellText {
  protected at = 0;
  #depth = 0;
  /** Here-documents whose text begins after this line. */
  #heredocs: { delimiter: string; stripsTabs: boolean }[] = [];

  protected readonly text: string;

  constructor(text: string) {
    this.text = text;
    if (text.length >= LONGEST_ARGUMENT || text.includes('\0')) throw new Unparsable('no argument of a program');
  }

  /** Parses commands up to and including the parenthesis that closes a substitution. */
  protected abstract substitution(): void;

  protected get char(): string {
    return this.text[this.at] ?? '';
  }

  protected starts(text: string): boolean {
    return this.text.startsWith(text, this.at);
  }

  /** Whether the text continues with this; if so, skips it. */
  protected take(text: string): boolean {
    if (!this.starts(text)) return false;
    this.at += text.length;
    return true;
  }

  protected within<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new Unparsable('nested too deep');
    const value = read();
    this.#depth -= 1;
    return value;
  }

  /** Skips blanks, continued lines, and a comment. */
  protected skipBlanks(): void {
    for (;;) {
      if (BLANK.test(this.char)) this.at += 1;
      else if (!this.take('\\\n') && !this.take('\\\r\n')) break;
    }
    if (this.char !== '#') return;
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  /** Skips the end of a line and the here-documents that begin after it. */
  protected takeLineEnd(): boolean {
    if (!this.take('\n') && !this.take('\r\n')) return false;
    for (const { delimiter, stripsTabs } of this.#heredocs.splice(0)) this.#skipHeredoc(delimiter, stripsTabs);
    return true;
  }

  protected assertHeredocsRead(): void {
    if (this.#heredocs.length > 0) throw new Unparsable('a here-document without its text');
  }

  protected skipBlanksAndLines(): void {
    do this.skipBlanks();
    while (this.takeLineEnd());
  }

  /** Reads a redirection with its target, if there is one here. The caller has read the number before it as a word. */
  protected takeRedirection(): boolean {
    const operator = /^(?:&>>?|<<<|<<-?|<>|<&|>>|>\||>&|<(?!\()|>(?!\())/.exec(
      this.text.slice(this.at, this.at + 4),
    )?.[0];
    if (operator === undefined) return false;
    this.at += operator.length;
    this.skipBlanks();
    const target = this.word();
    if (!target) throw new Unparsable('a redirection without a target');
    if (operator === '<<' || operator === '<<-') {
      this.#heredocs.push({ delimiter: target.text, stripsTabs: operator === '<<-' });
    }
    return true;
  }

  #skipHeredoc(delimiter: string, stripsTabs: boolean): void {
    while (this.at < this.text.length) {
      const end = this.text.indexOf('\n', this.at);
      const line = this.text.slice(this.at, end < 0 ? undefined : end).replace(/\r$/, '');
      this.at = end < 0 ? this.text.length : end + 1;
      if ((stripsTabs ? line.replace(/^\t+/, '') : line) !== delimiter) continue;
      // The newline after a here-document operator does not end a command that continues.
      return;
    }
    throw new Unparsable('a here-document without its end');
  }

  /** Reads a word; undefined if there is none here. */
  protected word(): ShellWord | undefined {
    const parts: string[] = [];
    let bare = true;
    const start = this.at;
    while (this.at < this.text.length) {
      const { char } = this;
      const next = this.text[this.at + 1] ?? '';
      if ((char === '<' || char === '>') && next === '(') parts.push(this.#skipped(() => this.#substitutionAfter(2)));
      else if (char === '(' && this.#goesOnWithParenthesis(start)) parts.push(this.#skipped(() => this.#parentheses()));
      else if (ENDS_WORD.test(char)) break;
      else if (char === '\\') {
        bare = false;
        if (next !== '\n') parts.push(next);
        this.at += 2;
      } else if (char === "'") {
        bare = false;
        parts.push(this.#upTo("'"));
      } else if (char === '"') {
        bare = false;
        parts.push(this.#doubleQuoted());
      } else if (char === '$' || char === '`') parts.push(this.#skipped(() => this.#expansion(false)));
      else {
        parts.push(char);
        this.at += 1;
      }
    }
    return this.at === start ? undefined : { text: parts.join(''), bare };
  }

  /** Runs a read and returns the text that it covered, as written. */
  #skipped(read: () => void): string {
    const start = this.at;
    read();
    return this.text.slice(start, this.at);
  }

  #upTo(quote: string): string {
    const end = this.text.indexOf(quote, this.at + 1);
    if (end < 0) throw new Unparsable(`a ${quote} without its end`);
    const inner = this.text.slice(this.at + 1, end);
    this.at = end + 1;
    return inner;
  }

  /** Reads the parentheses of an array or a pattern: `a=(x y)`, `!(*.log)`. */
  #goesOnWithParenthesis(start: number): boolean {
    if (this.at === start) return false;
    const before = this.text[this.at - 1] ?? '';
    if (before !== '=') return '?*+@!'.includes(before) && !(before === '!' && this.at - 1 === start);
    return this.at - start < 200 && ARRAY_START.test(this.text.slice(start, this.at));
  }

  #doubleQuoted(): string {
    return this.within(() => {
      const parts: string[] = [];
      this.at += 1;
      while (!this.take('"')) {
        const { char } = this;
        const next = this.text[this.at + 1] ?? '';
        if (char === '') throw new Unparsable('a " without its end');
        if (char === '\\' && '$`"\\\n'.includes(next) && next !== '') {
          if (next !== '\n') parts.push(next);
          this.at += 2;
        } else if (char === '$' || char === '`') parts.push(this.#skipped(() => this.#expansion(true)));
        else {
          parts.push(char);
          this.at += 1;
        }
      }
      return parts.join('');
    });
  }

  /** Reads an expansion that begins with a dollar sign or a backtick. */
  #expansion(quoted: boolean): void {
    if (this.char === '`') this.#escapedUpTo('`');
    else if (!quoted && this.starts("$'")) {
      this.at += 1;
      this.#escapedUpTo("'");
    } else if (this.starts('$[')) throw new Unparsable('arithmetic of old shells');
    else if (this.starts('${')) this.#parameter(quoted);
    else if (this.starts('$((')) {
      this.at += 1;
      this.skipArithmetic();
    } else if (this.starts('$(')) this.#substitutionAfter(2);
    else this.at += 1;
  }

  /** Reads up to the next quote that is not escaped by a backslash. */
  #escapedUpTo(quote: string): void {
    this.at += 1;
    while (this.char !== quote) {
      if (this.char === '') throw new Unparsable(`a ${quote} without its end`);
      this.at += this.char === '\\' ? 2 : 1;
    }
    this.at += 1;
  }

  #parameter(quoted: boolean): void {
    this.within(() => {
      this.at += 2;
      while (!this.take('}')) {
        const { char } = this;
        if (char === '') throw new Unparsable('a ${ without its end');
        if (char === '\\') this.at += 2;
        else if (char === "'" && !quoted) this.#upTo("'");
        else if (char === '"') this.#doubleQuoted();
        else if (char === '$' || char === '`') this.#expansion(quoted);
        else this.at += 1;
      }
    });
  }

  /**
   * Reads `((1 + 2))`. Two nested subshells without a space between their parentheses are not understood; POSIX
   * requires the space.
   */
  protected skipArithmetic(): void {
    this.#parentheses();
    if (this.text[this.at - 2] !== ')') throw new Unparsable('a (( without its ))');
  }

  /** Reads from a parenthesis to the matching one; the text in between is not a command. */
  #parentheses(): void {
    this.within(() => {
      let open = 0;
      do {
        const { char } = this;
        if (char === '') throw new Unparsable('a parenthesis without its end');
        if (char === '\\') this.at += 2;
        else if (char === '"') this.#doubleQuoted();
        else if (char === "'") this.#upTo("'");
        else if (char === '$' || char === '`') this.#expansion(false);
        else {
          open += char === '(' ? 1 : char === ')' ? -1 : 0;
          this.at += 1;
        }
      } while (open > 0);
    });
  }

  #substitutionAfter(characters: number): void {
    this.at += characters;
    this.within(() => this.substitution());
  }

  /** Reads `[[ … ]]`, whose operators and patterns are not commands. Continues after the brackets. */
  protected skipTest(): void {
    for (;;) {
      this.skipBlanksAndLines();
      const word = this.word();
      if (word?.bare && word.text === ']]') return;
      if (word) continue;
      if (this.char === '') throw new Unparsable('a [[ without its end');
      if (this.char === '(') this.#parentheses();
      else this.at += 1; // an operator, or the parenthesis of a pattern
    }
  }
}
