/** What the kubelet knows about a container's health: the relists in which it saw the container run, and its probes. */
import type { Container, Probe } from '../../kubernetes-rules/objects.ts';
import type { ProbeCheck } from './probe-check.ts';
import { Prober } from './prober.ts';
import type { Relist } from './relist.ts';

export interface ContainerHealthOptions {
  container: Container;
  check: (probe: Probe) => ProbeCheck;
  relist: Pick<Relist, 'next'>;
  /** Aborting it ends all waits. */
  signal: AbortSignal;
  /** Called when the container becomes ready or unready. */
  onReady: (ready: boolean) => void;
  /** Called when the kubelet first sees that the container runs and its startup probe, if any, has succeeded. */
  onStarted?: () => void;
  /** Called when a probe requires a restart of the container. */
  onUnhealthy: (reason: string, probe: Probe) => void;
}

export class ContainerHealth {
  readonly #options: ContainerHealthOptions;
  readonly #probers: { startup?: Prober; readiness?: Prober; liveness?: Prober } = {};
  #runningSinceMs: number | undefined;
  /** How often the container's process has been started. */
  #runs = 0;
  /**
   * How many relists have shown the container since its process started. The probes check it from the first one on.
   */
  #lists = 0;
  /** The startup probe has succeeded, or there is none. */
  #started = false;
  #ready = false;
  #terminating = false;

  constructor(options: ContainerHealthOptions) {
    this.#options = options;
    const { container, check, onUnhealthy } = options;
    const { startupProbe, readinessProbe, livenessProbe } = container;
    const listed = () => (this.#lists > 0 ? this.#runningSinceMs : undefined);
    const started = () => (this.#started ? listed() : undefined);
    const notStarted = () => (this.#started ? undefined : listed());
    if (startupProbe) {
      this.#probers.startup = new Prober(startupProbe, check(startupProbe), notStarted, (healthy) => {
        if (healthy) this.#noteStarted();
        else onUnhealthy('Startup probe failed', startupProbe);
      });
    }
    if (readinessProbe) {
      this.#probers.readiness = new Prober(readinessProbe, check(readinessProbe), started, (healthy) => {
        this.#setReady(healthy);
      });
    }
    if (livenessProbe) {
      this.#probers.liveness = new Prober(livenessProbe, check(livenessProbe), started, (healthy) => {
        if (!healthy) onUnhealthy('Liveness probe failed', livenessProbe);
      });
    }
  }

  /** Starts the period of the probes, whether the container runs or not. */
  startProbes(): void {
    const { startup, readiness, liveness } = this.#probers;
    readiness?.start();
    if (this.#terminating) return;
    startup?.start();
    liveness?.start();
  }

  /**
   * Call when the container's process starts. The kubelet syncs a pod when a relist first shows its container running,
   * and again at the next relist. Rejects with an AbortError if aborted.
   */
  async containerRuns(): Promise<void> {
    // Initial delays count from here. The kubelet's pod status has whole seconds of wall-clock time, so round down.
    this.#runningSinceMs = performance.now() - (Date.now() % 1000);
    const run = ++this.#runs;
    this.#lists = 0;
    this.#started = this.#probers.startup === undefined;
    for (const prober of Object.values(this.#probers)) prober.reset();
    for (let list = 1; list <= 2; list++) {
      await this.#options.relist.next(this.#options.signal);
      if (this.#runningSinceMs === undefined || this.#runs !== run) return;
      this.#lists = list;
      this.#sync();
    }
  }

  /** Call when the process has ended. The kubelet notices only later; see `setNotReady`. */
  containerEnded(): void {
    this.#runningSinceMs = undefined;
  }

  /** Call when the kubelet notices that the container ended. */
  setNotReady(): void {
    this.#setReady(false);
  }

  /**
   * For a terminating pod the kubelet stops the other two probes. Readiness continues and decides whether the endpoint
   * still serves.
   */
  terminating(): void {
    this.#terminating = true;
    this.#probers.startup?.stop();
    this.#probers.liveness?.stop();
  }

  /** Stops all probes. */
  stopProbes(): void {
    for (const prober of Object.values(this.#probers)) prober.stop();
  }

  /** If the startup probe succeeds before the second relist, the pod is synced only at that relist. */
  #noteStarted(): void {
    this.#started = true;
    if (this.#lists > 1) this.#sync();
  }

  /** When the kubelet syncs the pod, it probes the readiness of an unready container immediately. */
  #sync(): void {
    if (!this.#started) return;
    this.#options.onStarted?.();
    if (this.#ready) return;
    if (this.#probers.readiness) this.#probers.readiness.trigger();
    else this.#setReady(true);
  }

  #setReady(ready: boolean): void {
    if (ready === this.#ready || (ready && this.#runningSinceMs === undefined)) return;
    this.#ready = ready;
    this.#options.onReady(ready);
  }
}
