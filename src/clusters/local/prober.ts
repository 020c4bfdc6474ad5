/** One probe of one container, with the kubelet's periods and thresholds. */
import type { Probe } from '../../kubernetes-rules/objects.ts';
import { every, type Timer } from '../../timers.ts';
import { withDeadline } from './deadline.ts';
import type { ProbeCheck } from './probe-check.ts';

export interface ProbeTiming {
  initialDelayMs: number;
  periodMs: number;
  timeoutMs: number;
  successThreshold: number;
  failureThreshold: number;
}

export function probeTiming(probe: Probe): ProbeTiming {
  return {
    initialDelayMs: probe.initialDelaySeconds * 1000,
    periodMs: probe.periodSeconds * 1000,
    timeoutMs: probe.timeoutSeconds * 1000,
    successThreshold: probe.successThreshold,
    failureThreshold: probe.failureThreshold,
  };
}

/** Counts equal results in a row. A verdict is reached at its threshold. Its two counters are its only state. */
export class Threshold {
  #last: boolean | undefined;
  #run = 0;
  readonly #timing: Pick<ProbeTiming, 'successThreshold' | 'failureThreshold'>;

  constructor(timing: Pick<ProbeTiming, 'successThreshold' | 'failureThreshold'>) {
    this.#timing = timing;
  }

  /** Adds a result. Returns the verdict, or undefined below the threshold. */
  add(success: boolean): boolean | undefined {
    this.#run = success === this.#last ? this.#run + 1 : 1;
    this.#last = success;
    const needed = success ? this.#timing.successThreshold : this.#timing.failureThreshold;
    return this.#run >= needed ? success : undefined;
  }
}

/**
 * Probes immediately and then once per period. The period starts with the pod, not with its container: a probe that
 * finds no running container, or whose initial delay has not passed, is skipped, and the next one follows a whole
 * period later. `trigger` probes out of turn and restarts the period, as the kubelet does for readiness when a
 * container has just started. A probe that becomes due while a check runs is made once, when the check has ended.
 * Source: the kubelet's probe worker (pkg/kubelet/prober/worker.go), whose ticker and trigger channel hold one element
 * each.
 */
export class Prober {
  readonly #timing: ProbeTiming;
  readonly #check: ProbeCheck;
  readonly #runningSinceMs: () => number | undefined;
  readonly #onVerdict: (healthy: boolean) => void;
  readonly #stop = new AbortController();
  #threshold: Threshold;
  #timer: Timer | undefined;
  #busy = false;
  /** The most important probe that became due while a check was running. */
  #missed: 'none' | 'tick' | 'trigger' = 'none';

  /** @param runningSinceMs when the container started (performance.now); undefined while this probe should pause */
  constructor(
    probe: Probe,
    check: ProbeCheck,
    runningSinceMs: () => number | undefined,
    onVerdict: (healthy: boolean) => void,
  ) {
    this.#timing = probeTiming(probe);
    this.#check = check;
    this.#runningSinceMs = runningSinceMs;
    this.#onVerdict = onVerdict;
    this.#threshold = new Threshold(this.#timing);
  }

  start(): void {
    this.trigger();
  }

  trigger(): void {
    if (this.#stop.signal.aborted) return;
    if (this.#busy) {
      this.#missed = 'trigger';
      return;
    }
    this.#timer?.cancel();
    this.#timer = every(this.#timing.periodMs, () => void this.#tick());
    void this.#probe();
  }

  /** Call when the container restarts: forgets earlier results. */
  reset(): void {
    this.#threshold = new Threshold(this.#timing);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#stop.abort();
  }

  #tick(): void {
    if (!this.#busy) void this.#probe();
    else if (this.#missed === 'none') this.#missed = 'tick';
  }

  async #probe(): Promise<void> {
    const since = this.#runningSinceMs();
    if (since === undefined || performance.now() - since < this.#timing.initialDelayMs) return;
    this.#busy = true;
    const success = await withDeadline(this.#timing.timeoutMs, this.#stop.signal, this.#check);
    this.#busy = false;
    if (this.#stop.signal.aborted) return;
    const verdict = this.#threshold.add(success);
    if (verdict !== undefined) this.#onVerdict(verdict);
    const missed = this.#missed;
    this.#missed = 'none';
    if (missed === 'trigger') this.trigger();
    else if (missed === 'tick') this.#tick();
  }
}
