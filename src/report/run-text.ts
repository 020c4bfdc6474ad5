import type { Judgement } from '../results/judge.ts';
import type { Run } from '../results/run.ts';
import { renderFoundFix } from './found-fix.ts';
import { renderOwnService } from './own-service.ts';
import { colorsFor, renderTable } from './terminal.ts';

/**
 * A run as it is printed in the terminal, ending with a newline.
 * @param flags the fix that was found as flags of `run`, where the deployment came from flags
 */
export function renderRun(run: Run, judgement: Judgement, flags?: string, colors = colorsFor(process.stdout)): string {
  switch (run.kind) {
    case 'comparison':
      return renderTable(run.trials, colors);
    case 'own-service':
      return renderOwnService(run, judgement, colors);
    case 'find-fix':
      return renderFoundFix(run, judgement, flags, colors);
  }
}
