import { printableData } from '../printable.ts';
import type { Judgement } from '../results/judge.ts';
import type { Run } from '../results/run.ts';
import { renderFoundFix } from './found-fix.ts';
import { renderOwnService } from './own-service.ts';
import { colorsFor, renderTable } from './terminal.ts';

/**
 * A run as it is printed in the terminal, ending with a newline.
 * @param flags the fix that was found as flags of `run`, where the deployment came from flags
 */
export function renderRun(found: Run, judged: Judgement, flags?: string, colors = colorsFor(process.stdout)): string {
  const { kind, trials, advice, fix } = found;
  const component = fix?.component ?? null; // has lines of its own
  const run = { kind, ...printableData({ trials, advice }), fix: fix && { ...printableData(fix), component } };
  const judgement = printableData(judged);
  switch (kind) {
    case 'comparison':
      return renderTable(run.trials, colors);
    case 'own-service':
      return renderOwnService(run, judgement, colors);
    case 'find-fix':
      return renderFoundFix(run, judgement, flags, colors);
  }
}
