/** Which runtime a container's command or image names. */
import { type ServerLimit, serverLimit } from '../idle-limits/servers.ts';
import type { Dockerfile } from './dockerfile.ts';
import { isAssignment, startedBy } from './init-programs.ts';
import type { CheckedContainer } from './objects.ts';
import { readScript, shellInput, shellName } from './shell-script.ts';

export interface SeenRuntime {
  server: ServerLimit;
  /** Where it was seen: `command "node"`, `image "node:24"`. */
  where: string;
}

/** npm and its like run the server with Node. */
const NODE_PROGRAMS = /^(node|nodejs|npm|npx|yarn|yarnpkg|pnpm|pnpx|pm2-runtime|pm2-docker|tsx|ts-node|next|nest)$/;
const BUN_PROGRAMS = /^(bun|bunx)$/;
/** The path of an image below its registry. Not every image called node is one of Node: `calico/node`. */
const NODE_IMAGES =
  /^((docker\/)?library\/)?node$|^(bitnami|bitnamilegacy|chainguard)\/node$|^distroless\/nodejs\d*(-|$)|^ubi\d+\/nodejs-\d+/;
const BUN_IMAGES = /^oven\/bun$/;

/** Undefined if neither says that it is Node or Bun. The command counts before the image. */
export function runtimeOf(container: CheckedContainer, dockerfile?: Dockerfile): SeenRuntime | undefined {
  const { command = [], args = [], image = '' } = container;
  const { entrypoint, cmd, baseImage = '' } = dockerfile ?? {};
  const argv =
    command.length > 0
      ? [...command, ...args]
      : [...(entrypoint?.argv ?? []), ...(args.length > 0 ? args : (cmd?.argv ?? []))];
  const program = programOf(argv);
  if (program !== undefined) {
    return seen(NODE_PROGRAMS.test(program), BUN_PROGRAMS.test(program), `command "${program}"`);
  }
  const images = [image, baseImage].map((one) => ({ one, path: pathOf(one) }));
  return images
    .map(({ one, path }) => seen(NODE_IMAGES.test(path), BUN_IMAGES.test(path), `image "${one}"`))
    .find((found) => found !== undefined);
}

function seen(isNode: boolean, isBun: boolean, where: string): SeenRuntime | undefined {
  if (!isNode && !isBun) return undefined;
  return { server: serverLimit(isNode ? 'node' : 'bun'), where };
}

/** The program that serves, through inits and shells; undefined if the command does not show it. */
function programOf(argv: readonly string[]): string | undefined {
  const [first, ...rest] = argv;
  if (first === undefined) return undefined;
  const program = first.split('/').at(-1) ?? first;
  const started = startedBy(program, rest);
  if (started) return programOf(started.inner);
  if (shellName(program) !== undefined) {
    const input = shellInput(rest);
    const script = input && 'script' in input ? readScript(input.script) : undefined;
    return programOf((script?.last?.words ?? []).filter((word, index, all) => !isLeadingAssignment(all, index, word)));
  }
  // An entrypoint script usually runs its arguments, and Node's image runs a file that is no command with node.
  if (program.endsWith('.sh')) return programOf(rest);
  return /\.[cm]?[jt]s$/.test(program) ? undefined : program;
}

function isLeadingAssignment(words: readonly string[], index: number, word: string): boolean {
  return isAssignment(word) && words.slice(0, index).every(isAssignment);
}

/** The path of an image without its registry, tag and digest: `library/node` of `docker.io/library/node:24`. */
function pathOf(image: string): string {
  const path = (image.split('@')[0] ?? '').replace(/:[^/:]*$/, '');
  const [first = '', ...rest] = path.split('/');
  return rest.length > 0 && /[.:]|^localhost$/.test(first) ? rest.join('/') : path;
}
