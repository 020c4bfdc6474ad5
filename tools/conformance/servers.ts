/** The servers of docs/conformance.md: this project's app in every mode, and other servers. */
import { delimiter, dirname } from 'node:path';
import type { ConformanceCase } from '../../src/conform/case.ts';
import { CASES } from '../../src/conform/cases/registry.ts';
import { OWN_PATHS } from '../../src/conform/own-paths.ts';
import type { SuiteOptions } from '../../src/conform/suite.ts';
import { RUNTIMES, type Runtime } from '../../src/manifests/overlays.ts';
import { projectFile } from '../../src/project-file.ts';
import { findRuntime } from '../../src/trials/runtimes.ts';

export interface MatrixServer {
  id: string;
  name: string;
  group: MatrixGroup;
  /** As the page shows it. */
  shown: string;
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  /** The runtimes and packages whose versions the page shows. */
  runtimes: readonly Runtime[];
  packages: readonly string[];
  /** Why a failure cannot be fixed, by the case's id. */
  explained?: Readonly<Record<string, string>>;
}

export const MATRIX_GROUPS = {
  ours: "This project's app, by its SHUTDOWN mode",
  plain: 'Servers as documented',
  library: 'Libraries for a graceful shutdown',
  wrapper: 'Wrappers around the drain mode',
} as const;

export type MatrixGroup = keyof typeof MATRIX_GROUPS;

/** The grace period of every server here, in s. */
export const MATRIX_GRACE_S = 10;

const START_LIMIT_MS = 20_000;

/** How long case 34 watches an idle connection here, in s: longer than every server that has a limit keeps one. */
export const IDLE_LIMIT_S = 70;

/** Variables that would change how a server behaves are removed: srvx, for example, does not drain if CI is set. */
const NOT_PASSED_ON = ['CI', 'TEST', 'NODE_OPTIONS'];

const DRAIN = { SHUTDOWN: 'drain', DRAIN_DELAY_MS: '1000', SHUTDOWN_DEADLINE_MS: '8000' };

const DISPLAY: Record<Runtime, string> = { node: 'Node', bun: 'Bun', deno: 'Deno' };

const DENO_UPLOADS =
  'Deno 2.9 makes the bodies of requests in flight unreadable as soon as shutdown() is called ' +
  '([denoland/deno#36809](https://github.com/denoland/deno/issues/36809)), and there is no other way to close its listener. ' +
  'An upload that ends within the drain delay completes, so a longer drain delay helps.';

/** Cases against one server. */
export function matrixSuite({ command, env }: MatrixServer, cases: readonly ConformanceCase[] = CASES): SuiteOptions {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !NOT_PASSED_ON.includes(entry[0]),
  );
  return {
    target: {
      command,
      env: { ...Object.fromEntries(inherited), ...env },
      stopSignal: 'SIGTERM',
      graceMs: MATRIX_GRACE_S * 1000,
      startLimitMs: START_LIMIT_MS,
    },
    paths: OWN_PATHS,
    cases,
    idleLimitMs: IDLE_LIMIT_S * 1000,
    ownPort: undefined,
    signal: new AbortController().signal,
  };
}

export function matrixServers(): MatrixServer[] {
  return [...ourServers(), ...plainServers(), ...libraries(), ...wrappers()];
}

function ourServers(): MatrixServer[] {
  return ['none', 'exit', 'close', 'drain'].flatMap((mode) =>
    RUNTIMES.map((runtime) => ({
      id: `${mode}-${runtime}`,
      name: `${mode} ${DISPLAY[runtime]}`,
      group: 'ours' as const,
      shown: `SHUTDOWN=${mode} ${runtime} dist/${runtime}/server.js`,
      command: findRuntime(runtime).command,
      env: { ...DRAIN, SHUTDOWN: mode },
      runtimes: [runtime],
      packages: runtime === 'node' ? ['hono', '@hono/node-server'] : ['hono'],
      ...(mode === 'drain' && runtime === 'deno' && { explained: { 'upload-outlasts-the-listener': DENO_UPLOADS } }),
    })),
  );
}

function plainServers(): MatrixServer[] {
  const onNode = ['hono', '@hono/node-server'];
  const plain = { group: 'plain', packages: ['hono'] } as const;
  return [
    script('node', 'hono-node.mjs', { ...plain, id: 'hono-node', name: 'Hono, Node', packages: onNode }),
    script('node', 'hono-node-documented.mjs', {
      ...plain,
      id: 'hono-node-documented',
      name: 'Hono, Node, documented',
      packages: onNode,
    }),
    script('bun', 'hono-bun.mjs', { ...plain, id: 'hono-bun', name: 'Hono, Bun' }),
    script('bun', 'hono-node-documented.mjs', {
      ...plain,
      id: 'hono-node-documented-bun',
      name: '@hono/node-server, Bun',
      packages: onNode,
    }),
    script('deno', 'hono-deno.mjs', { ...plain, id: 'hono-deno', name: 'Hono, Deno' }),
    denoServe(),
  ];
}

function libraries(): MatrixServer[] {
  const library = { group: 'library' } as const;
  const onNode = ['http-terminator', 'http-graceful-shutdown', 'stoppable', '@godaddy/terminus', 'lightship'];
  return [
    ...RUNTIMES.map((runtime) =>
      script(runtime, 'srvx.mjs', {
        ...library,
        id: `srvx-${runtime}`,
        name: `srvx, ${DISPLAY[runtime]}`,
        packages: ['srvx'],
      }),
    ),
    ...onNode.map((name) => {
      const id = name.replace('@godaddy/', '');
      return script('node', `${id}.mjs`, { ...library, id, name, packages: [name] });
    }),
  ];
}

function wrappers(): MatrixServer[] {
  const folder = projectFile('docs/conformance/servers');
  const server = projectFile('dist/node/server.js');
  const node = binary('node');
  const inFolder = (command: string) => ['sh', '-c', `cd '${folder}' && exec ${command}`];
  return [
    wrapped('npm-start', 'npm start', inFolder('npm start')),
    wrapped('sh-c', 'sh -c "node server.js; …"', ['sh', '-c', `'${node}' '${server}'; exit $?`]),
    wrapped('sh-c-exec', 'sh -c "exec node server.js"', ['sh', '-c', `exec '${node}' '${server}'`]),
    wrapped('node-run', 'node --run start', inFolder('node --run start')),
    wrapped('bun-run', 'bun run start:bun', inFolder('bun run start:bun'), 'bun'),
    wrapped('deno-task', 'deno task start:deno', inFolder('deno task start:deno'), 'deno'),
  ];
}

function wrapped(id: string, shown: string, command: readonly string[], runtime: Runtime = 'node'): MatrixServer {
  // The scripts find the same runtimes that the other servers run on.
  const path = [...RUNTIMES.map((runtime) => dirname(binary(runtime))), process.env.PATH ?? ''].join(delimiter);
  return {
    id,
    name: shown,
    group: 'wrapper',
    shown,
    command,
    env: { ...DRAIN, PATH: path },
    runtimes: [runtime],
    packages: [],
  };
}

const DENO_FLAGS = ['--no-prompt', '--allow-all', '--node-modules-dir=manual'];

function script(
  runtime: Runtime,
  file: string,
  rest: Pick<MatrixServer, 'id' | 'name' | 'group' | 'packages'>,
): MatrixServer {
  const flags = runtime === 'deno' ? ['run', ...DENO_FLAGS] : [];
  return {
    ...rest,
    shown: [runtime, ...flags, file].join(' '),
    command: [binary(runtime), ...flags, projectFile(`docs/conformance/servers/${file}`)],
    env: {},
    runtimes: [runtime],
  };
}

function denoServe(): MatrixServer {
  const flags = ['serve', ...DENO_FLAGS, '--host=$(HOST)', '--port=$(PORT)'];
  return {
    id: 'deno-serve',
    name: 'deno serve',
    group: 'plain',
    shown: ['deno', ...flags, 'deno-serve.mjs'].join(' '),
    command: [binary('deno'), ...flags, projectFile('docs/conformance/servers/deno-serve.mjs')],
    env: {},
    runtimes: ['deno'],
    packages: ['hono'],
  };
}

function binary(runtime: Runtime): string {
  return findRuntime(runtime).command[0] as string;
}
