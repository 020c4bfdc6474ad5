/**
 * Whether a server gets the same verdicts from `conform` every time: `npm run bench:conform-verdicts -- [RUNS]`, 20
 * with this project's app on each runtime by default.
 */
import pLimit from 'p-limit';
import { runSuite } from '../src/conform/suite.ts';
import { matrixServers, matrixSuite } from '../tools/conformance/servers.ts';
import { record } from './record.ts';

const SERVERS = ['drain-node', 'drain-bun', 'drain-deno'];
const RUNS = Number(process.argv[2] ?? 20);
const AT_A_TIME = 4;

const limit = pLimit(AT_A_TIME);
const rows = await Promise.all(
  matrixServers()
    .filter(({ id }) => SERVERS.includes(id))
    .map(async (server) => {
      const verdicts = new Map<string, Set<string>>();
      const run = async () => {
        const { cases } = await runSuite(matrixSuite(server));
        for (const { id, status } of cases) verdicts.set(id, (verdicts.get(id) ?? new Set()).add(status));
        const failed = cases.filter(({ status }) => status === 'fail').map(({ id }) => id);
        process.stderr.write(`${server.id}: failed ${failed.join(', ') || 'none'}\n`);
      };
      await Promise.all(Array.from({ length: RUNS }, () => limit(run)));
      const changing = [...verdicts].filter(([, statuses]) => statuses.size > 1);
      const always = (status: string) =>
        [...verdicts.values()].filter((all) => all.size === 1 && all.has(status)).length;
      return {
        server: server.id,
        runs: RUNS,
        cases: verdicts.size,
        alwaysPass: always('pass'),
        alwaysWarning: always('warning'),
        alwaysFail: always('fail'),
        neverApplicable: always('not-applicable'),
        changing: changing.map(([id, statuses]) => `${id}: ${[...statuses].join(' and ')}`).join('; '),
      };
    }),
);
record('conform-verdicts', rows, { atATime: AT_A_TIME });
process.exit();
