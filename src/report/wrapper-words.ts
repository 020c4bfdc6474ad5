/** In words: what runs the server, and what it did with the stop signal. */
import type { ServerBehaviour } from '../analysis/server-behaviour.ts';
import type { Wrapper } from '../analysis/wrapper.ts';
import { preciseSeconds } from './format.ts';

/** Inits, which start a process and pass signals on. Another init in front of a server does no harm. */
const INITS = ['tini', 'dumb-init', 'docker-init', 'catatonit'];

type Seen = Pick<ServerBehaviour, 'wrapper' | 'stopSignal'>;

/**
 * "Wrapper: npm, which runs sh, ended 0.52 s after SIGTERM while server.js was still running."; Undefined without a
 * wrapper.
 */
export function wrapperLine({ wrapper, stopSignal }: Seen): string | undefined {
  return wrapper ? `Wrapper: ${wrapperDid(wrapper, stopSignal)}.` : undefined;
}

/** "npm, which runs sh, ended 0.52 s after SIGTERM while server.js was still running" */
export function wrapperDid(wrapper: Wrapper, stopSignal: string): string {
  const { server, fault, examined, afterMs } = wrapper;
  const who = chain(wrapper);
  const when = `${preciseSeconds(afterMs ?? 0)} after ${stopSignal}`;
  const other = wrapper.signals.includes(stopSignal) ? '' : wrapper.signals.join(' and ');
  const instead = other === '' ? '' : `${who} passed ${stopSignal} on to ${server} as ${other}`;
  switch (fault) {
    case 'ended-first':
      return `${who} ended ${when} while ${server} was still running`;
    case 'ended-server':
      return instead ? `${instead}, and ended what was still running ${when}` : `${who} ended ${server} ${when}`;
    case 'other-signal':
      return instead;
    case 'keeps-signal':
      return `${who} did not pass ${stopSignal} on to ${server}`;
    case null:
      return examined
        ? `${who} passed ${stopSignal} on to ${server}`
        : `PID 1 is ${[...wrapper.names, server].join(', which runs ')}`;
  }
}

/** The change to make: start the server without the wrapper. */
export function wrapperChange({ wrapper, stopSignal }: Seen): string {
  if (!wrapper) return 'start the server itself as PID 1';
  const { server, names } = wrapper;
  const harmful = names.filter((name) => !INITS.includes(name));
  const without = (harmful.length > 0 ? harmful : names).join(' and ');
  return `start ${server} itself as PID 1, without ${without}: ${wrapperDid(wrapper, stopSignal)}`;
}

/** "tini", "npm, which runs sh," */
function chain({ names }: Wrapper): string {
  return names.length > 1 ? `${names.join(', which runs ')},` : (names[0] ?? '');
}
