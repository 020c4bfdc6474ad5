/** What the kubelet knows of a container's health: the lists in which it saw it run, and its probes. */
import type { Container, Probe } from '../../kubernetes-rules/objects.ts';
import type { ProbeCheck } from './probe-check.ts';
import { Prober } from './prober.ts';
import type { Relist } from './relist.ts';

export interface ContainerHealthOptions {
  container: Container;
  check: (probe: Probe) => ProbeCheck;
  relist: Pick<Relist, 'next'>;
  /** Ends it all. */
  signal: AbortSignal;
  /** The container is ready, or no longer. */
  onReady: (ready: boolean) => void;
  /** The container is to be restarted. */
  onUnhealthy: (reason: string) => void;
}

export class ContainerHealth {
  readonly #options: ContainerHealthOptions;
  readonly #probers: { startup?: Prober; readiness?: Prober; liveness?: Prober } = {};
  #runningSinceMs: number | undefined;
  /** How often its process was started. */
  #runs = 0;
  /** How often the kubelet has listed the container since it runs: its probes look at it from the first time on. */
  #lists = 0;
  /** Its startup probe, if any, has succeeded. */
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
        else onUnhealthy('Startup probe failed');
      });
    }
    if (readinessProbe) {
      this.#probers.readiness = new Prober(readinessProbe, check(readinessProbe), started, (healthy) => {
        this.#setReady(healthy);
      });
    }
    if (livenessProbe) {
      this.#probers.liveness = new Prober(livenessProbe, check(livenessProbe), started, (healthy) => {
        if (!healthy) onUnhealthy('Liveness probe failed');
      });
    }
  }

  /** The rhythm of the probes begins, whether the container runs or not. */
  startProbes(): void {
    const { startup, readiness, liveness } = this.#probers;
    readiness?.start();
    if (this.#terminating) return;
    startup?.start();
    liveness?.start();
  }

  /**
   * The container's process runs. The kubelet deals with a pod when it first lists its container as running, and once more
   * at the list after that. Rejects with an AbortError at the end of it all.
   */
  async containerRuns(): Promise<void> {
    // Initial delays count from here: the kubelet's status of a pod keeps whole seconds, by the clock on the wall.
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

  /** Its process has ended; until `setNotReady` nobody knows. */
  containerEnded(): void {
    this.#runningSinceMs = undefined;
  }

  /** The kubelet has seen that the container ended. */
  setNotReady(): void {
    this.#setReady(false);
  }

  /** The kubelet ends these two for a terminating pod; readiness goes on and decides whether the endpoint still serves. */
  terminating(): void {
    this.#terminating = true;
    this.#probers.startup?.stop();
    this.#probers.liveness?.stop();
  }

  /** No probe looks at it any more. */
  stopProbes(): void {
    for (const prober of Object.values(this.#probers)) prober.stop();
  }

  /** What the startup probe says before the second list waits for it. */
  #noteStarted(): void {
    this.#started = true;
    if (this.#lists > 1) this.#sync();
  }

  /** A container that is not ready is probed out of turn whenever the kubelet deals with its pod. */
  #sync(): void {
    if (!this.#started || this.#ready) return;
    if (this.#probers.readiness) this.#probers.readiness.trigger();
    else this.#setReady(true);
  }

  #setReady(ready: boolean): void {
    if (ready === this.#ready || (ready && this.#runningSinceMs === undefined)) return;
    this.#ready = ready;
    this.#options.onReady(ready);
  }
}
