/** The committed results behind docs/conformance.md: docs/results/conformance.json. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { projectFile } from '../../src/project-file.ts';

const MatrixCase = z.discriminatedUnion('status', [
  z.object({ number: z.number(), id: z.string(), status: z.literal('pass'), seen: z.string().optional() }),
  z.object({ number: z.number(), id: z.string(), status: z.literal('warning'), seen: z.string(), advice: z.string() }),
  z.object({ number: z.number(), id: z.string(), status: z.literal('fail'), expected: z.string(), seen: z.string() }),
  z.object({ number: z.number(), id: z.string(), status: z.literal('not-applicable'), reason: z.string() }),
]);

const MatrixResult = z.object({
  id: z.string(),
  /** Versions of the runtime and of packages: "Node 26.10.0, stoppable 1.1.0". */
  versions: z.string(),
  /** Why there are no cases, if the server did not start. */
  error: z.string().optional(),
  cases: z.array(MatrixCase),
});

const MatrixFile = z.object({
  schemaVersion: z.literal(1),
  graceSeconds: z.number(),
  servers: z.array(MatrixResult),
});

export type MatrixResult = z.infer<typeof MatrixResult>;
export type MatrixCase = z.infer<typeof MatrixCase>;

const PATH = 'docs/results/conformance.json';

/** The results of earlier runs; empty if there are none. */
export function readMatrix(): MatrixResult[] {
  const path = matrixPath();
  if (!existsSync(path)) return [];
  return MatrixFile.parse(JSON.parse(readFileSync(path, 'utf8'))).servers;
}

export function writeMatrix(servers: readonly MatrixResult[], graceSeconds: number): void {
  mkdirSync(dirname(matrixPath()), { recursive: true });
  writeFileSync(matrixPath(), `${JSON.stringify({ schemaVersion: 1, graceSeconds, servers }, null, 2)}\n`);
}

function matrixPath(): string {
  return join(dirname(projectFile('package.json')), PATH);
}
