/** The folder that `--out` names, as it is written: `result.json`, `report.html` and a trace of each trial. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError, InputError } from '../errors.ts';
import type { Trace } from '../trace/trace.ts';
import { PAGE_FILE, RESULT_FILE, TRACES, tracePath } from './folder-layout.ts';
import { type Held, heldIn } from './held-run.ts';

export class ResultFolder {
  readonly #dir: string;
  /** What the first file that is written replaces. */
  #replaced: readonly string[];

  private constructor(dir: string, replaced: readonly string[]) {
    this.#dir = dir;
    this.#replaced = replaced;
  }

  /**
   * A folder for a run that is about to begin, so that a place that cannot be written to is known before the first trial.
   * With `overwrite` an earlier run in it is replaced, once there is something to replace it with.
   * @throws InputError when it holds another run, or files of the same names that are not this program's
   * @throws EnvironmentError when it cannot be made or is no folder
   */
  static forRun(dir: string, { overwrite = false }: { overwrite?: boolean | undefined } = {}): ResultFolder {
    const { run, ownFiles, foreignFile } = reading(dir);
    if (foreignFile !== undefined) {
      throw new InputError(`${foreignFile} was not written by this program and would be lost; choose another folder`);
    }
    if (run !== undefined && !overwrite) {
      throw new InputError(
        `${dir} holds the results of another run (${run}); choose another folder or add --overwrite`,
      );
    }
    writing(dir, () => mkdirSync(join(dir, TRACES), { recursive: true }));
    return new ResultFolder(dir, overwrite ? ownFiles : []);
  }

  /** The folder of a run that was read from it, whose reports are written again. */
  static ofSavedRun(dir: string): ResultFolder {
    return new ResultFolder(dir, []);
  }

  /** Writes one trial's trace to `traces/`. */
  addTrace(trace: Trace): void {
    this.#write(tracePath(trace.trial), `${JSON.stringify(trace)}\n`);
  }

  /** Writes `result.json`. */
  writeResult(json: string): void {
    this.#write(RESULT_FILE, json);
  }

  /** Writes the report that is opened in a browser; returns its path. */
  writePage(html: string): string {
    return this.#write(PAGE_FILE, html);
  }

  #write(name: string, text: string): string {
    const file = join(this.#dir, name);
    writing(file, () => {
      for (const replaced of this.#replaced) rmSync(replaced);
      this.#replaced = [];
      writeFileSync(file, text);
    });
    return file;
  }
}

function reading(dir: string): Held {
  try {
    return heldIn(dir);
  } catch (error) {
    throw new EnvironmentError(`${dir}: cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

function writing(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new EnvironmentError(`${path}: cannot be written: ${(error as Error).message}`, { cause: error });
  }
}
