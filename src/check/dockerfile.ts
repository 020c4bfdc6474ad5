/** What a Dockerfile's image starts and stops with: its last stage, and the stages that one builds on. */
import { DockerfileParser, type From, type Instruction, type Shell } from 'dockerfile-ast';
import { z } from 'zod';
import { InputError } from '../errors.ts';
import type { Position } from '../manifests/yaml-documents.ts';

export interface DockerfileInstruction {
  /** The Dockerfile's path. */
  file: string;
  keyword: 'ENTRYPOINT' | 'CMD';
  position: Position;
  form: 'exec' | 'shell';
  /** What runs: for the shell form, the shell with the line. */
  argv: string[];
}

export interface Dockerfile {
  file: string;
  /** The image the last stage starts from, through stages of this file. */
  baseImage: string;
  entrypoint?: DockerfileInstruction;
  cmd?: DockerfileInstruction;
  /** As it is written, with its variables. */
  stopSignal?: { text: string; position: Position };
}

const DEFAULT_SHELL = ['/bin/sh', '-c'];

/** @throws InputError naming the file where it has no FROM */
export function readDockerfile(text: string, file: string): Dockerfile {
  const stages = new Map<string, Dockerfile>();
  let stage: Dockerfile | undefined;
  let shell = DEFAULT_SHELL;
  let hasOwnCmd = false;
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
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
        text: oneLine(instruction.getRawArgumentsContent() ?? ''),
        position: positionOf(instruction),
      };
    } else if (keyword === 'SHELL') {
      shell = (instruction as Shell).getJSONStrings().map((argument) => argument.getJSONValue());
    } else if (keyword === 'CMD') {
      stage.cmd = read(instruction, keyword, file, shell);
      hasOwnCmd = true;
    } else if (keyword === 'ENTRYPOINT') {
      stage.entrypoint = read(instruction, keyword, file, shell);
      // It drops the CMD of the image or the stage before; one of this stage stays.
      if (!hasOwnCmd) delete stage.cmd;
    }
  }
  if (!stage) throw new InputError(`${file}: no Dockerfile: it has no FROM`);
  return stage;
}

function read(
  instruction: Instruction,
  keyword: DockerfileInstruction['keyword'],
  file: string,
  shell: readonly string[],
): DockerfileInstruction {
  const position = positionOf(instruction);
  const text = oneLine(instruction.getRawArgumentsContent() ?? '');
  const words = execForm(text);
  return words
    ? { file, keyword, position, form: 'exec', argv: words }
    : { file, keyword, position, form: 'shell', argv: [...shell, text] };
}

function positionOf(instruction: Instruction): Position {
  const { start } = instruction.getRange();
  return { line: start.line + 1, column: start.character + 1 };
}

/** Continued lines as one, without the comments between them. */
function oneLine(raw: string): string {
  return raw
    .split(/\r?\n/)
    .filter((line) => !/^\s*(#|$)/.test(line))
    .map((line) => line.replace(/[\\`]\s*$/, ''))
    .join(' ')
    .trim();
}

/** A JSON array of texts; anything else, a misspelt array too, is for the shell. */
function execForm(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    return z.array(z.string()).safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
