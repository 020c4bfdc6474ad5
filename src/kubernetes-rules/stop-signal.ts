/** The signal that asks a container to stop. Source: KEP-4960 (Container Stop Signals). */
import type { Container } from './written-objects.ts';

/**
 * The stop signal that the manifest sets, such as `SIGQUIT`. Undefined if it sets none: the runtime then sends the
 * image's STOPSIGNAL, or SIGTERM if the image has none. Kubernetes honors the field only with the feature gate
 * ContainerStopSignals (alpha since 1.33) and drops it otherwise.
 */
export function stopSignalOf({ lifecycle }: Pick<Container, 'lifecycle'>): string | undefined {
  return lifecycle?.stopSignal;
}

/** What a user should know about a manifest that sets a stop signal; undefined if it sets none. */
export function stopSignalNote({ name, lifecycle }: Pick<Container, 'name' | 'lifecycle'>): string | undefined {
  const signal = stopSignalOf({ lifecycle });
  if (signal === undefined) return undefined;
  return (
    `container ${name}: lifecycle.stopSignal ${signal} needs the feature gate ContainerStopSignals. Without it, Kubernetes 1.34 ` +
    "silently drops the field and sends the image's STOPSIGNAL, or SIGTERM if the image has none."
  );
}

const NAMES =
  'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP ' +
  'TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX';

const REAL_TIME = [
  ...Array.from({ length: 15 }, (_, index) => `RTMIN+${index + 1}`),
  ...Array.from({ length: 14 }, (_, index) => `RTMAX-${index + 1}`),
];

/** The signals that the API server accepts, by spec.os.name, sorted. */
export const STOP_SIGNALS: Readonly<Record<string, readonly string[]>> = {
  linux: [...NAMES.split(' '), ...REAL_TIME].map((name) => `SIG${name}`).sort(),
  windows: ['SIGKILL', 'SIGTERM'],
};
