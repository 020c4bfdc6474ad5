/** The folder that `--out` names, as it is written: `result.json`, `report.html` and a trace of each trial. */
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EnvironmentError, InputError } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';
import { printable } from '../printable.ts';
import { writeWhole } from '../regular-file.ts';
import type { Trace } from '../trace/trace.ts';
import { PAGE_FILE, RESULT_FILE, TRACES, tracePath } from './folder-layout.ts';
import { heldIn } from './held-run.ts';

/** Written and taken away before the first trial. */
const PROBE_FILE = 'can-be-written.tmp';

export interface FolderOptions {
  overwrite?: boolean | undefined;
}

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
   * @throws EnvironmentError when it cannot be made or written to, or is no folder
   */
  static forRun(dir: string, { overwrite = false }: FolderOptions = {}): ResultFolder {
    if (dir.trim() === '' || dir.includes('\0')) throw new InputError('--out: names no folder');
    const { run, ownFiles, foreignFile } = heldIn(dir);
    if (foreignFile !== undefined) throw foreign(foreignFile, 'choose another folder');
    if (run !== undefined && !overwrite) {
      throw new InputError(
        `${dir} holds the results of another run (${run}); choose another folder or add --overwrite`,
      );
    }
    writing(dir, () => {
      makeFolder(resolve(dir, TRACES));
      for (const file of [join(dir, PROBE_FILE), join(dir, TRACES, PROBE_FILE)]) {
        writeWhole(file, PROBE_FILE);
        rmSync(file);
      }
    });
    return new ResultFolder(dir, overwrite ? ownFiles : []);
  }

  /**
   * The folder of a run that was read from it, whose reports are written again.
   * @throws InputError where something else is in their place
   */
  static ofSavedRun(dir: string): ResultFolder {
    const { foreignFile } = heldIn(dir);
    if (foreignFile !== undefined) throw foreign(foreignFile, 'move it elsewhere');
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
      for (const replaced of this.#replaced) rmSync(replaced, { force: true });
      this.#replaced = [];
      writeWhole(file, text);
    });
    return file;
  }
}

function foreign(file: string, whatToDo: string): InputError {
  return new InputError(`${printable(file)} was not written by this program and would be lost; ${whatToDo}`);
}

function writing(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new EnvironmentError(`${printable(path)}: cannot be written: ${printable((error as Error).message)}`, {
      cause: error,
    });
  }
}
