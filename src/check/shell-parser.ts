/** Parses the structure of a shell script: which commands it has, and which process runs each one. */
import { ShellText, type ShellWord, Unparsable } from './shell-text.ts';

/**
 * - line: run by the shell itself, one after another
 * - branch: run by the shell itself, but only under a condition: in a branch, a loop, a function, after `||`
 * - child: run by another process: in a pipeline, in the background, in a subshell or a substitution
 */
export type CommandPlace = 'line' | 'branch' | 'child';

export interface ShellCommand {
  /** Without redirections; assignments come before the program. */
  words: string[];
  redirected: boolean;
  place: CommandPlace;
}

/** The kind of a list's last part. A function definition runs nothing until it is called. */
export type ListEnd = 'command' | 'pipeline' | 'loop' | 'background' | 'compound' | 'nothing';

/** The words that can end a list of commands, including `)` and the end of the text. */
type Terminator = ')' | 'end' | 'then' | 'elif' | 'else' | 'fi' | 'do' | 'done' | '}' | 'esac' | ';;';

const TERMINATORS: readonly string[] = ['then', 'elif', 'else', 'fi', 'do', 'done', '}', 'esac'];
const LOOPS = ['for', 'select', 'while', 'until'];

export class ShellParser extends ShellText {
  /** All commands, in the order of the text. */
  readonly commands: ShellCommand[] = [];
  /** Whether the script starts something in the background. */
  hasBackground = false;

  /** Parses the whole text. */
  script(): ListEnd {
    const { end } = this.#list(['end'], 'line');
    this.assertHeredocsRead();
    return end;
  }

  protected substitution(): void {
    this.#list([')'], 'child');
  }

  #list(terminators: readonly Terminator[], place: CommandPlace): { end: ListEnd; terminator: Terminator } {
    let end: ListEnd = 'nothing';
    for (;;) {
      this.skipBlanksAndLines();
      const terminator = this.#terminator(terminators);
      if (terminator !== 'command') return { end, terminator };
      end = this.#andOr(place);
    }
  }

  /** Reads a word that ends a list, if there is one here, and returns it; `command` if a command follows instead. */
  #terminator(allowed: readonly Terminator[]): Terminator | 'command' {
    const found = this.#terminatorHere();
    if (found === undefined) return 'command';
    if (!allowed.includes(found)) throw new Unparsable(`${found} where no list ends`);
    this.at += found === 'end' ? 0 : found.length;
    return found;
  }

  #terminatorHere(): Terminator | undefined {
    if (this.char === '') return 'end';
    if (this.char === ')') return ')';
    if (this.starts(';;') || this.starts(';&')) return ';;';
    const start = this.at;
    // Long enough for any of these words; the word in the text may have any length.
    if (!/^[a-z}]+(?=$|[\s;&|()<>])/.test(this.text.slice(start, start + 6))) return undefined;
    const word = /^[a-z}]+/.exec(this.text.slice(start, start + 6))?.[0] ?? '';
    return TERMINATORS.includes(word) ? (word as Terminator) : undefined;
  }

  /** Parses pipelines joined by `&&` and `||`, with the `;`, `&` or newline after them. */
  #andOr(place: CommandPlace): ListEnd {
    const first = this.commands.length;
    let end = this.#pipeline(place);
    for (;;) {
      const operator = this.take('&&') ? '&&' : this.take('||') ? '||' : undefined;
      if (operator === undefined) break;
      this.skipBlanksAndLines();
      end = this.#pipeline(operator === '||' && place === 'line' ? 'branch' : place);
    }
    if (this.starts(';;') || this.starts(';&')) return end;
    if (this.take(';') || this.char === '' || this.char === ')' || this.starts('\n') || this.starts('\r\n')) return end;
    if (!this.take('&')) throw new Unparsable('something else where a command ends');
    this.#inChild(first);
    this.hasBackground = true;
    return 'background';
  }

  #pipeline(place: CommandPlace): ListEnd {
    const first = this.commands.length;
    let negated = false;
    while (/^!\s/.test(this.text.slice(this.at, this.at + 2))) {
      negated = true;
      this.at += 1;
      this.skipBlanks();
    }
    let end = this.#command(place);
    let piped = false;
    for (this.skipBlanks(); this.char === '|' && !this.starts('||'); this.skipBlanks()) {
      piped = true;
      this.at += this.starts('|&') ? 2 : 1;
      this.skipBlanksAndLines();
      end = this.#command(place);
    }
    if (piped) this.#inChild(first);
    return piped ? 'pipeline' : negated ? 'compound' : end;
  }

  /** Marks all commands from an index on as run by child processes. */
  #inChild(first: number): void {
    for (let index = first; index < this.commands.length; index++) {
      const command = this.commands[index];
      if (command) command.place = 'child';
    }
  }

  #command(place: CommandPlace): ListEnd {
    return this.within(() => {
      if (this.char === '(') return this.#parenthesised();
      const word = this.word();
      const inner = place === 'line' ? 'branch' : place;
      if (word?.bare && this.#compound(word.text, inner)) {
        this.#redirections();
        return LOOPS.includes(word.text) ? 'loop' : 'compound';
      }
      return this.#simple(word, place);
    });
  }

  #parenthesised(): ListEnd {
    if (this.starts('((')) this.skipArithmetic();
    else {
      this.at += 1;
      this.#list([')'], 'child');
    }
    this.#redirections();
    return 'compound';
  }

  /** Parses the rest of a compound command that begins with this word. Returns false if the word is a program. */
  #compound(word: string, place: CommandPlace): boolean {
    if (word === '{') this.#list(['}'], place);
    else if (word === '[[') this.skipTest();
    else if (word === 'if') this.#branches(place);
    else if (word === 'while' || word === 'until') {
      this.#list(['do'], place);
      this.#list(['done'], place);
    } else if (word === 'for' || word === 'select') this.#forEach(place);
    else if (word === 'case') this.#cases(place);
    else if (word === 'function') {
      this.skipBlanks();
      if (!this.word()) throw new Unparsable('a function without a name');
      this.skipBlanks();
      if (this.char === '(') this.#emptyParentheses();
      this.#body(place);
    } else if (['!', 'coproc', 'in'].includes(word) || TERMINATORS.includes(word)) throw new Unparsable(`${word} here`);
    else return false;
    return true;
  }

  #branches(place: CommandPlace): void {
    this.#list(['then'], place);
    for (;;) {
      const { terminator } = this.#list(['elif', 'else', 'fi'], place);
      if (terminator === 'fi') return;
      if (terminator === 'elif') this.#list(['then'], place);
      else {
        this.#list(['fi'], place);
        return;
      }
    }
  }

  #forEach(place: CommandPlace): void {
    this.skipBlanks();
    if (this.starts('((')) this.skipArithmetic();
    else {
      this.#expectWord();
      this.skipBlanksAndLines();
      if (/^in[\s;]/.test(this.text.slice(this.at, this.at + 3))) {
        this.at += 2;
        do this.skipBlanks();
        while (this.word());
      }
    }
    this.skipBlanks();
    this.take(';');
    this.skipBlanksAndLines();
    if (this.#terminator(['do']) === 'command') throw new Unparsable('a for without do');
    this.#list(['done'], place);
  }

  #cases(place: CommandPlace): void {
    this.skipBlanks();
    this.#expectWord();
    this.skipBlanksAndLines();
    if (this.#expectWord().text !== 'in') throw new Unparsable('a case without in');
    for (;;) {
      this.skipBlanksAndLines();
      if (this.#terminatorHere() === 'esac') {
        this.at += 'esac'.length;
        return;
      }
      this.take('(');
      do {
        this.skipBlanks();
        this.#expectWord();
        this.skipBlanks();
      } while (this.take('|'));
      if (!this.take(')')) throw new Unparsable('a pattern of a case without its end');
      const { terminator } = this.#caseList(place);
      if (terminator === 'esac') return;
    }
  }

  /** Parses one branch of a case, which may also end with `;&` or `;;&`. */
  #caseList(place: CommandPlace): { terminator: Terminator } {
    const ended = this.#list([';;', 'esac'], place);
    if (ended.terminator === ';;') this.take('&');
    return ended;
  }

  #expectWord(): ShellWord {
    const word = this.word();
    if (!word) throw new Unparsable('a word is missing');
    return word;
  }

  #simple(first: ShellWord | undefined, place: CommandPlace): ListEnd {
    const words: string[] = [];
    let redirected = false;
    for (let word = first; ; word = this.word()) {
      const isNumberOfRedirection = word?.bare && /^(\d+|\{\w+\})$/.test(word.text) && /[<>]/.test(this.char);
      if (word && !isNumberOfRedirection) words.push(word.text);
      this.skipBlanks();
      if (this.takeRedirection()) redirected = true;
      else if (this.char === '(' && words.length === 1 && word) return this.#function(place);
      else if (!word && !this.#wordIsHere()) break;
      this.skipBlanks();
    }
    if (words.length === 0 && !redirected) throw new Unparsable('no command where one belongs');
    this.commands.push({ words, redirected, place });
    return 'command';
  }

  #wordIsHere(): boolean {
    return this.char !== '' && (!/[\s;&|()<>]/.test(this.char) || this.starts('<(') || this.starts('>('));
  }

  #function(place: CommandPlace): ListEnd {
    this.#emptyParentheses();
    this.#body(place === 'line' ? 'branch' : place);
    return 'nothing';
  }

  #emptyParentheses(): void {
    this.at += 1;
    this.skipBlanks();
    if (!this.take(')')) throw new Unparsable('a parenthesis within a command');
  }

  /** Parses the body of a function, which may be any compound command. */
  #body(place: CommandPlace): void {
    this.skipBlanksAndLines();
    if (this.#command(place) === 'command') throw new Unparsable('a function without a body');
  }

  #redirections(): void {
    this.skipBlanks();
    for (;;) {
      const start = this.at;
      const number = /^\d{1,3}(?=[<>])/.exec(this.text.slice(this.at, this.at + 4))?.[0] ?? '';
      this.at += number.length;
      if (!this.takeRedirection()) {
        this.at = start;
        return;
      }
      this.skipBlanks();
    }
  }
}
