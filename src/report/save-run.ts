import type { ResultFolder } from '../results/folder.ts';
import type { Run } from '../results/run.ts';
import { reportContents } from './contents.ts';
import { htmlReport } from './html/page.ts';
import { resultJson } from './json.ts';

/** Writes `result.json` and `report.html`. Returns the path of `report.html`. */
export function saveRun(folder: ResultFolder, run: Run): string {
  folder.writeResult(resultJson(run));
  return folder.writePage(htmlReport(reportContents(run)));
}
