/** The signal that asks a container to stop. Source: KEP-4960 (Container Stop Signals). */
import type { Container } from './written-objects.ts';

/**
 * The one that the manifest names, as `SIGQUIT`; undefined where it names none, so that the image's STOPSIGNAL counts,
 * and without that SIGTERM. Kubernetes reads the field where the feature gate ContainerStopSignals is on (alpha since
 * 1.33) and drops it elsewhere.
 */
export function stopSignalOf({ lifecycle }: Pick<Container, 'lifecycle'>): string | undefined {
  return lifecycle?.stopSignal;
}

/** What to know of a manifest that names one, for people; undefined where it names none. */
export function stopSignalNote({ name, lifecycle }: Pick<Container, 'name' | 'lifecycle'>): string | undefined {
  const signal = stopSignalOf({ lifecycle });
  if (signal === undefined) return undefined;
  return (
    `container ${name}: lifecycle.stopSignal ${signal} needs the feature gate ContainerStopSignals; without it Kubernetes 1.34 ` +
    "drops the field silently, and the image's STOPSIGNAL, else SIGTERM, is sent."
  );
}

const NAMES =
  'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP ' +
  'TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX';

const REAL_TIME = [
  ...Array.from({ length: 15 }, (_, index) => `RTMIN+${index + 1}`),
  ...Array.from({ length: 14 }, (_, index) => `RTMAX-${index + 1}`),
];

/** Those that the API server takes, by spec.os.name, sorted. */
export const STOP_SIGNALS: Readonly<Record<string, readonly string[]>> = {
  linux: [...NAMES.split(' '), ...REAL_TIME].map((name) => `SIG${name}`).sort(),
  windows: ['SIGKILL', 'SIGTERM'],
};
