/** The result of the conformance suite for the terminal. */
import { FAMILIES, type Family, withSignal } from '../conform/case.ts';
import { CASES } from '../conform/cases/registry.ts';
import type { CaseResult, ConformanceResult } from '../conform/suite.ts';
import { printableData } from '../printable.ts';
import { counts } from './conform-json.ts';
import { colorsFor } from './terminal.ts';

type Colors = ReturnType<typeof colorsFor>;

export function conformanceText(found: ConformanceResult, colors: Colors = colorsFor(process.stdout)): string {
  const result = printableData(found);
  const families = (Object.keys(FAMILIES) as Family[])
    .map((family) => ({ title: FAMILIES[family], cases: result.cases.filter((one) => one.family === family) }))
    .filter(({ cases }) => cases.length > 0);
  const parts = families.map(({ title, cases }) =>
    [title, ...cases.flatMap((one) => caseLines(one, result.stopSignal, colors))].join('\n'),
  );
  return `${[...parts, summary(result, colors)].join('\n\n')}\n`;
}

function caseLines(result: CaseResult, stopSignal: NodeJS.Signals, colors: Colors): string[] {
  const number = String(result.number).padStart(4);
  switch (result.status) {
    case 'pass':
      return [
        `${number} ${colors.green('✓')} ${result.title}`,
        ...(result.seen === undefined ? [] : [colors.dim(`       seen: ${result.seen}`)]),
      ];
    case 'warning':
      return [
        `${number} ${colors.yellow('!')} ${colors.yellow(result.title)}`,
        `       seen:   ${result.seen}`,
        `       advice: ${result.advice}`,
        ...background(result.id, stopSignal).map((line) => colors.dim(`       ${line}`)),
      ];
    case 'not-applicable':
      return [colors.dim(`${number} – ${result.title}`), colors.dim(`       not applicable: ${result.reason}`)];
    case 'fail':
      return [
        `${number} ${colors.red('✗')} ${colors.red(result.title)}`,
        `       expected: ${result.expected}`,
        `       seen:     ${result.seen}`,
        ...background(result.id, stopSignal).map((line) => colors.dim(`       ${line}`)),
      ];
  }
}

/** Why the case matters, and a link to a report by users. */
function background(id: string, stopSignal: NodeJS.Signals): string[] {
  const { why, link } = CASES.find((one) => one.id === id) ?? {};
  return [why && withSignal(why, stopSignal), link].filter((line) => line !== undefined);
}

function summary(result: ConformanceResult, colors: Colors): string {
  const { pass, warning, fail, notApplicable } = counts(result);
  const lines = [
    [
      colors.green(`${pass} passed`),
      ...(warning > 0 ? [colors.yellow(`${warning} passed with a warning`)] : []),
      fail > 0 ? colors.red(`${fail} failed`) : '0 failed',
      `${notApplicable} not applicable`,
    ].join(', '),
  ];
  if (result.wrapper) lines.push(`PID 1 is ${result.wrapper.names}; the server is ${result.wrapper.server}.`);
  if (!result.pid1) {
    lines.push(
      'The process was not PID 1 here, so a signal without a handler ended it. As PID 1 in a container it ignores the signal.',
    );
  }
  return lines.join('\n');
}
