/**
 * Measures for docs/idle-timeouts.md, with each gateway's defaults, how long it keeps an idle connection to a server, and
 * what a client gets if such a connection ends as a request is sent on it: `npm run gateways:idle`. The gateways must be
 * on the PATH. It takes a little more than two minutes.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GATEWAYS } from '../../src/gateways/registry.ts';
import { projectFile } from '../../src/project-file.ts';
import { idleLimit } from './idle-limit.ts';
import { IDLE_RESULT, LOST_RESULT } from './idle-result.ts';
import { lostRequests } from './lost-requests.ts';

function write(path: string, result: unknown): void {
  const file = join(dirname(projectFile('package.json')), path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);
  console.log(`wrote ${path}`);
}

const names = GATEWAYS.map(({ name }) => name);
write(LOST_RESULT, (await Promise.all(names.map(lostRequests))).flat());
write(IDLE_RESULT, await Promise.all(names.map(idleLimit)));
