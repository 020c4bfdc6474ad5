/** The signal that asks a container to stop. */
import type { Container } from './written-objects.ts';

/**
 * The one that the manifest names, as `SIGQUIT`; undefined where it names none, so that the image's STOPSIGNAL counts,
 * and without that SIGTERM. Kubernetes reads the field where the feature gate ContainerStopSignals is on (alpha since
 * 1.33) and drops it elsewhere; admission demands spec.os.name beside it.
 */
export function stopSignalOf({ lifecycle }: Pick<Container, 'lifecycle'>): string | undefined {
  return lifecycle?.stopSignal;
}
