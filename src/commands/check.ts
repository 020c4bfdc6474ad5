/** `check`: finds what a rollout of these manifests would break, without running anything. */
import type { Command } from 'commander';
import type { CheckResult } from '../check/finding.ts';
import type { Severity } from '../check/rule.ts';
import { baselineOf, withBaseline } from '../check/silence/baseline.ts';
import { readBaseline, writeBaseline } from '../check/silence/baseline-file.ts';
import { ExitCode } from '../errors.ts';
import { print, printDocument, printStatus } from '../output.ts';
import type { ArtifactOf } from '../report/artifact.ts';
import { checkAnnotations } from '../report/check-github.ts';
import { codeQuality } from '../report/check-gitlab.ts';
import { checkJson } from '../report/check-json.ts';
import { renderFindings } from '../report/check-terminal.ts';
import { jsonText } from '../report/json.ts';
import { sarif } from '../report/sarif.ts';
import { checkCluster, checkFiles } from './check-input.ts';
import { type CheckFlags, type CheckFormat, checkDefinition } from './check-options.ts';
import { checkPlan } from './check-settings.ts';

const DOCUMENTS: Record<Exclude<CheckFormat, 'text'>, (result: CheckResult, artifactOf: ArtifactOf) => string> = {
  json: (result) => jsonText(checkJson(result)),
  sarif: (result, artifactOf) => jsonText(sarif(result, artifactOf)),
  github: checkAnnotations,
  gitlab: (result, artifactOf) => jsonText(codeQuality(result, artifactOf)),
};

export function checkCommand(): Command {
  return checkDefinition().action(checkInput);
}

async function checkInput(dash: '-' | undefined, flags: CheckFlags): Promise<void> {
  const { failOn, ...how } = await checkPlan(flags);
  const checked = await (flags.on === 'kubernetes' ? checkCluster(dash, flags, how) : checkFiles(dash, flags, how));
  const result = afterBaseline(checked.result, flags);
  const format = flags.json ? 'json' : flags.format;
  if (format === 'text') print(renderFindings(result, flags));
  else printDocument(DOCUMENTS[format](result, checked.artifactOf));
  process.exitCode = result.findings.some(({ severity }) => fails(severity, failOn)) ? ExitCode.findings : ExitCode.ok;
}

/** Applies the baseline that is read, or the one that is written. */
function afterBaseline(result: CheckResult, flags: CheckFlags): CheckResult {
  const { baseline, writeBaseline: file } = flags;
  const allRules = !flags.only && !flags.disable;
  if (file !== undefined) {
    const written = baselineOf(result.findings);
    writeBaseline(file, written);
    printStatus(`Wrote ${result.findings.length} findings to ${file}.`);
    return withBaseline(result, written, file, allRules);
  }
  return baseline === undefined ? result : withBaseline(result, readBaseline(baseline), baseline, allRules);
}

function fails(severity: Severity, failOn: Severity): boolean {
  const order: readonly Severity[] = ['info', 'warning', 'error'];
  return order.indexOf(severity) >= order.indexOf(failOn);
}
