/**
 * Reads a kubeconfig, or a file that it names, with limits, because a path may lead to a device or to a silent pipe.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** The largest kubeconfigs, for fleets of hundreds of clusters, have one or two MB. */
const MAX_BYTES = 4 * 2 ** 20;
/** How long to wait for data from a pipe, as in `KUBECONFIG=<(command)`. */
const PIPE_LIMIT_MS = 5000;
const POLL_MS = 20;

/** @throws Error with a message of one line that names the file and quotes none of its content */
export function readCredentialFile(path: string): Buffer {
  let descriptor: number | undefined;
  try {
    // Without O_NONBLOCK, opening a pipe that nobody writes to takes forever.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (fstatSync(descriptor).isDirectory()) throw new Error('is a folder');
    return readAll(descriptor);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`cannot read ${path}: ${code ?? message}`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function readAll(descriptor: number): Buffer {
  const endMs = performance.now() + PIPE_LIMIT_MS;
  const chunks: Buffer[] = [];
  for (let bytes = 0; bytes <= MAX_BYTES; ) {
    const chunk = Buffer.alloc(65_536);
    const length = readNow(descriptor, chunk);
    if (length === 0) return Buffer.concat(chunks);
    if (length === undefined) {
      if (performance.now() > endMs) throw new Error(`it sent nothing for ${PIPE_LIMIT_MS / 1000} s`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
      continue;
    }
    bytes += length;
    chunks.push(chunk.subarray(0, length));
  }
  throw new Error(`it is larger than ${MAX_BYTES / 2 ** 20} MB`);
}

/** The number of bytes read; 0 at the end; undefined if no data is available yet. */
function readNow(descriptor: number, into: Buffer): number | undefined {
  try {
    return readSync(descriptor, into);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}
