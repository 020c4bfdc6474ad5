/** Writes the folder that `--out` names: `result.json`, `report.html` and one trace per trial. */
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EnvironmentError, InputError } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';
import { printable } from '../printable.ts';
import { writeAtomically } from '../regular-file.ts';
import type { Trace } from '../trace/trace.ts';
import { PAGE_FILE, RESULT_FILE, TRACES, tracePath } from './folder-layout.ts';
import { heldIn } from './held-run.ts';

/** Written and removed before the first trial, to find out whether the folder can be written to. */
const PROBE_FILE = 'can-be-written.tmp';

export interface FolderOptions {
  overwrite?: boolean | undefined;
}

export class ResultFolder {
  readonly #dir: string;
  /** Files of an earlier run, removed just before the first file is written. */
  #replaced: readonly string[];

  private constructor(dir: string, replaced: readonly string[]) {
    this.#dir = dir;
    this.#replaced = replaced;
  }

  /**
   * A folder for a run that is about to begin. It checks that it can be written to, so that this does not fail after
   * the trials. With `overwrite`, an earlier run in it is replaced as soon as the first new file is written.
   * @throws InputError if it holds another run, or files of the same names that this program did not write
   * @throws EnvironmentError if it cannot be created or written to, or is not a folder
   */
  static forRun(dir: string, { overwrite = false }: FolderOptions = {}): ResultFolder {
    if (dir.trim() === '' || dir.includes('\0')) throw new InputError('--out: not the name of a folder');
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
        writeAtomically(file, PROBE_FILE);
        rmSync(file);
      }
    });
    return new ResultFolder(dir, overwrite ? ownFiles : []);
  }

  /**
   * The folder that a run was read from. Its reports are written again.
   * @throws InputError if files of the same names were not written by this program
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

  /** Writes the HTML report, `report.html`. Returns its path. */
  writePage(html: string): string {
    return this.#write(PAGE_FILE, html);
  }

  #write(name: string, text: string): string {
    const file = join(this.#dir, name);
    writing(file, () => {
      for (const replaced of this.#replaced) rmSync(replaced, { force: true });
      this.#replaced = [];
      writeAtomically(file, text);
    });
    return file;
  }
}

function foreign(file: string, whatToDo: string): InputError {
  return new InputError(`${printable(file)} was not written by this program and would be overwritten; ${whatToDo}`);
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
