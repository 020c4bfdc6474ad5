/** The schemas in docs/schemas, each from the definition that the program reads or writes the file by. */
import { Config } from '../../src/check/config/config-schema.ts';
import { Baseline } from '../../src/check/silence/baseline.ts';
import { RequestMixFile } from '../../src/load/request-mix.ts';
import { CheckDocument } from '../../src/report/check-document.ts';
import { ConformDocument } from '../../src/report/conform-document.ts';
import { Result } from '../../src/results/result-file.ts';
import { Trace } from '../../src/trace/trace.ts';
import { jsonSchema } from './json-schema.ts';

export interface SchemaFile {
  /** From the top of the project. */
  file: string;
  render(): string;
}

export const SCHEMAS: readonly SchemaFile[] = [
  { name: 'workload', schema: RequestMixFile, title: 'The request mix of k8s-rollout-test: workload.json' },
  { name: 'result', schema: Result, title: 'A run of k8s-rollout-test: result.json' },
  { name: 'trace', schema: Trace, title: 'A trial of k8s-rollout-test: traces/*.json' },
  { name: 'check', schema: CheckDocument, title: 'What k8s-rollout-test check --json prints' },
  { name: 'config', schema: Config, title: 'The config file of k8s-rollout-test check: .rollout-test.yaml' },
  { name: 'baseline', schema: Baseline, title: 'A baseline of k8s-rollout-test check' },
  { name: 'conform', schema: ConformDocument, title: 'What k8s-rollout-test conform --json prints' },
].map(({ name, schema, title }) => ({
  file: `docs/schemas/${name}.schema.json`,
  render: () => jsonSchema(schema, title),
}));
