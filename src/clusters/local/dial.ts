/** Opens a connection to an address of this machine. */
import { connect, type Socket } from 'node:net';
import type { Address } from './probe-check.ts';

/** Rejects with the error of the attempt, or with the signal's reason. */
export function dialAddress(address: Address, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(address);
    const abort = () => socket.destroy(signal.reason);
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', reject);
      resolve(socket.on('error', () => {})); // errors reach the caller as the failure of its request
    });
    socket.once('error', reject);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}
