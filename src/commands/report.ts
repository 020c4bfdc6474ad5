/** `report`: makes the reports of saved results again, or prints one of them. */
import { Command } from 'commander';
import { writeReports } from '../results/reports.ts';

export function reportCommand(): Command {
  return new Command('report')
    .summary('make the reports of saved results again')
    .description('Analyses the traces saved in DIR again and writes result.json and report.html there.')
    .argument('<dir>', 'a folder that compare --out has written')
    .action(report);
}

function report(dir: string): void {
  process.stdout.write(`${writeReports(dir)}\n`);
}
