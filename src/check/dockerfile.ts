/**
 * Which command and stop signal a Dockerfile's image has: those of its last stage and of the stages that it builds on.
 */
import { DockerfileParser, type From, type Instruction, type Shell } from 'dockerfile-ast';
import * as z from 'zod';
import { InputError } from '../errors.ts';
import type { Position } from '../manifests/yaml-documents.ts';

export interface DockerfileInstruction {
  /** The Dockerfile's path. */
  file: string;
  keyword: 'ENTRYPOINT' | 'CMD';
  position: Position;
  form: 'exec' | 'shell';
  /** The command; for the shell form, the shell with the line as its argument. */
  argv: string[];
}

export interface Dockerfile {
  file: string;
  /** The image that the last stage starts from, through other stages of this file. */
  baseImage: string;
  entrypoint?: DockerfileInstruction;
  cmd?: DockerfileInstruction;
  /** As written, with unexpanded variables. */
  stopSignal?: { text: string; position: Position };
}

const DEFAULT_SHELL = ['/bin/sh', '-c'];
/** Larger than any Dockerfile. The parser's time grows with the square of the length of a line. */
const MAX_CHARACTERS = 1024 * 1024;

/** @throws InputError that names the file if it has no FROM or is too large for a Dockerfile */
export function readDockerfile(text: string, file: string): Dockerfile {
  if (text.length > MAX_CHARACTERS) throw new InputError(`${file}: not a Dockerfile: it is larger than 1 MiB`);
  const parsed = DockerfileParser.parse(text);
  const escapeCharacter = parsed.getEscapeCharacter();
  const stages = new Map<string, Dockerfile>();
  let stage: Dockerfile | undefined;
  let shell = DEFAULT_SHELL;
  let hasOwnCmd = false;
  for (const instruction of parsed.getInstructions()) {
    const keyword = instruction.getKeyword();
    if (keyword === 'FROM') {
      const from = instruction as From;
      const image = from.getImage() ?? '';
      stage = { ...(stages.get(image.toLowerCase()) ?? { file, baseImage: image }) };
      const name = from.getBuildStage();
      if (name) stages.set(name.toLowerCase(), stage);
      shell = DEFAULT_SHELL;
      hasOwnCmd = false;
    }
    if (!stage) continue;
    if (keyword === 'STOPSIGNAL') {
      stage.stopSignal = {
        text: oneLine(instruction, escapeCharacter),
        position: positionOf(instruction),
      };
    } else if (keyword === 'SHELL') {
      shell = (instruction as Shell).getJSONStrings().map((argument) => argument.getJSONValue());
    } else if (keyword === 'CMD') {
      stage.cmd = read(instruction, keyword, oneLine(instruction, escapeCharacter), file, shell);
      hasOwnCmd = true;
    } else if (keyword === 'ENTRYPOINT') {
      stage.entrypoint = read(instruction, keyword, oneLine(instruction, escapeCharacter), file, shell);
      // An ENTRYPOINT resets the CMD of the base image or stage, but not one of this stage.
      if (!hasOwnCmd) delete stage.cmd;
    }
  }
  if (!stage) throw new InputError(`${file}: not a Dockerfile: it has no FROM`);
  return stage;
}

function read(
  instruction: Instruction,
  keyword: DockerfileInstruction['keyword'],
  text: string,
  file: string,
  shell: readonly string[],
): DockerfileInstruction {
  const position = positionOf(instruction);
  const words = execForm(text);
  return words
    ? { file, keyword, position, form: 'exec', argv: words }
    : { file, keyword, position, form: 'shell', argv: [...shell, text] };
}

function positionOf(instruction: Instruction): Position {
  const { start } = instruction.getRange();
  return { line: start.line + 1, column: start.character + 1 };
}

/** An instruction's arguments: continued lines joined, without the comments between them. */
function oneLine(instruction: Instruction, escapeCharacter: string): string {
  return (instruction.getRawArgumentsContent() ?? '')
    .split(/\r?\n/)
    .filter((line) => !/^\s*(#|$)/.test(line))
    .map((line) => withoutContinuation(line, escapeCharacter))
    .join(' ')
    .trim();
}

function withoutContinuation(line: string, escapeCharacter: string): string {
  const text = line.trimEnd();
  return text.endsWith(escapeCharacter) ? text.slice(0, -1) : line;
}

/** Parses the exec form, a JSON array of strings. Anything else, including a malformed array, is the shell form. */
function execForm(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    return z.array(z.string()).safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
