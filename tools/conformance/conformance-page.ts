/** docs/conformance.md: the result of every server in every case, and a description of the cases. */
import { CAUSES } from '../../src/analysis/causes.ts';
import { type ConformanceCase, FAMILIES, type Family } from '../../src/conform/case.ts';
import { CASES } from '../../src/conform/cases/registry.ts';
import type { MatrixCase, MatrixResult } from './results.ts';
import { IDLE_LIMIT_S, MATRIX_GROUPS, type MatrixGroup, type MatrixServer } from './servers.ts';

const MARKS: Record<MatrixCase['status'], string> = { pass: '✓', warning: '!', fail: '**✗**', 'not-applicable': '–' };

export function conformanceMatrix(
  servers: readonly MatrixServer[],
  results: readonly MatrixResult[],
  graceSeconds: number,
): string {
  const groups = Object.keys(MATRIX_GROUPS) as MatrixGroup[];
  const parts = [
    INTRODUCTION,
    settings(graceSeconds),
    ...groups.map((group) => groupPart(group, servers, results)),
    '## The cases',
    ...(Object.keys(FAMILIES) as Family[]).map(familyPart),
  ];
  return `${parts.join('\n\n')}\n`;
}

const INTRODUCTION = `# How servers shut down

<!-- Written by npm run conformance from docs/results/conformance.json. -->

Which servers, libraries and wrappers shut down without losing requests, case by case. Each table is one group of servers, and
[the cases](#the-cases) are explained below.

\`k8s-rollout-test conform -- COMMAND\` runs the same cases on your server. It starts the server as PID 1 of a container,
sends it SIGTERM in ${CASES.length} situations, and reports for each one whether requests and connections ended properly.`;

function settings(graceSeconds: number): string {
  return (
    `The tables show this project's app in each of its modes, with \`DRAIN_DELAY_MS=1000\` and ` +
    `\`SHUTDOWN_DEADLINE_MS=8000\`, and other servers ([their code](conformance/servers)). SIGKILL came after ` +
    `${graceSeconds} s. The libraries have the same deadline, and the same delay if they support one. Case 34 watched for ${IDLE_LIMIT_S} s.\n\n` +
    `✓ passes · ! passes with a warning · **✗** fails · – not applicable: the server lacks what the case needs, or ` +
    `another case covers it. ` +
    `[The results](results/conformance.json) say what was seen in each cell.`
  );
}

function groupPart(group: MatrixGroup, servers: readonly MatrixServer[], results: readonly MatrixResult[]): string {
  const columns = servers
    .filter((server) => server.group === group)
    .flatMap((server) => {
      const result = results.find(({ id }) => id === server.id);
      return result ? [{ server, result }] : [];
    });
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const names = columns.map(({ server }) => server.name);
  const table = [
    row(['case', ...names]),
    row(['---', ...names.map(() => ':-:')]),
    ...CASES.map((one) =>
      row([
        `[${one.number}](#${anchorOf(one)}) ${one.title}`,
        ...columns.map(({ result }) => {
          const found = result.cases.find(({ id }) => id === one.id);
          return found ? MARKS[found.status] : '';
        }),
      ]),
    ),
    row([
      'cases failed',
      ...columns.map(({ result }) => (result.error ? 'did not start' : String(count(result, 'fail')))),
    ]),
  ];
  const explained = columns.flatMap(({ server }) =>
    Object.entries(server.explained ?? {}).map(([id, why]) => `${server.name}, ${numberOf(id)}: ${why}`),
  );
  const ran = columns.map(({ server, result }) => {
    const error = result.error === undefined ? '' : `: ${result.error}`;
    return `- ${server.name}: \`${server.shown}\` (${result.versions})${error}`;
  });
  return [`## ${MATRIX_GROUPS[group]}`, table.join('\n'), ...explained, ran.join('\n')].join('\n\n');
}

function count({ cases }: MatrixResult, status: MatrixCase['status']): number {
  return cases.filter((one) => one.status === status).length;
}

function numberOf(id: string): string {
  return `case ${CASES.find((one) => one.id === id)?.number}`;
}

function familyPart(family: Family): string {
  const cases = CASES.filter((one) => one.family === family).map(casePart);
  return [`### ${FAMILIES[family]}`, ...cases].join('\n\n');
}

function casePart(one: ConformanceCase): string {
  const cause = CAUSES.find(({ id }) => id === one.cause);
  const lines = [
    `#### ${one.number} ${one.id}`,
    `**${one.title[0]?.toUpperCase()}${one.title.slice(1)}.**`,
    one.why,
    `*Timing:* ${one.timing}`,
    ...(cause ? [`*If it fails:* adds to [cause ${cause.number}, ${cause.name}](causes.md#${cause.id}).`] : []),
    ...(one.link ? [`*See:* <${one.link}>`] : []),
  ];
  return lines.join('\n\n');
}

/** As GitHub makes it of the heading. */
function anchorOf({ number, id }: ConformanceCase): string {
  return `${number}-${id}`;
}
