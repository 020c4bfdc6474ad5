/** A scripted cluster, load and clock: trials without processes, sockets or waiting. */
import { syncBuiltinESMExports } from 'node:module';
import type { TestContext } from 'node:test';
import type { Cluster, Deployed, DeployOptions } from '../../src/clusters/cluster.ts';
import type { LoadGenerator, LoadOptions, RunningLoad } from '../../src/load/load.ts';
import type { RequestMix } from '../../src/load/request-mix.ts';
import type { ClusterRecord, PodRecord } from '../../src/trace/cluster-record.ts';
import type { DisruptionOutcome } from '../../src/trace/disruption.ts';
import type { LoadRecord } from '../../src/trace/load-record.ts';
import type { TrialPlan } from '../../src/trials/trial.ts';
import { manifests } from '../engine/manifests.ts';

export const MIX: RequestMix = {
  format: 'k8s-rollout-test/workload/1',
  scenarios: [
    { name: 'fresh', method: 'GET', path: '/', connection: 'fresh', ratePerSecond: 10, connections: 1, timeoutMs: 500 },
  ],
};

/**
 * What each step does; by default it ends at once. A step that never resolves ends when the trial's signal is aborted.
 */
export type Step = (signal: AbortSignal) => Promise<void> | void;

export interface Script {
  deploy?: Step;
  disrupt?: Step;
  /** What the cluster says of the disruption. */
  outcome?: DisruptionOutcome;
  remove?: Step;
  examineWrapper?: Step;
  startLoad?: Step;
  stopLoad?: Step;
  /** How many requests failed. */
  failures?: number;
  /** How many of 100 planned requests could not be started, trial by trial. */
  dropped?: number[];
  /** Rejects when the load should die. */
  died?: Promise<never>;
}

/** Waits like a real step: until the signal is aborted, then rejects with its reason. */
export const untilAborted: Step = (signal) =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });

const POD: PodRecord = {
  uid: 'u1',
  name: 'web-1',
  generation: 'old',
  node: 'node1',
  createdMs: 0,
  readyMs: 1,
  deletionMs: 2,
  goneMs: 3,
  containers: [{ name: 'web', serves: true, runs: [{ restarts: 0, startedMs: 0, endedMs: 3 }] }],
};

const RECORD: ClusterRecord = { pods: [POD], routerViews: [], events: [], pid1: true };

export class ScriptedCluster implements Cluster {
  readonly name = 'scripted';
  readonly #script: Script;
  readonly #note: (step: string) => void;

  constructor(script: Script, note: (step: string) => void) {
    this.#script = script;
    this.#note = note;
  }

  async deploy({ signal, onEvent }: DeployOptions): Promise<Deployed> {
    const { deploy, disrupt, remove, examineWrapper } = this.#script;
    this.#note('deploy');
    onEvent?.({ atMs: 0, type: 'Started', message: 'container started' });
    await deploy?.(signal);
    return {
      target: { kind: 'service', url: 'http://web', namespace: 'ns', clockOffset: () => undefined },
      replicas: 1,
      disrupt: async () => {
        this.#note('disrupt');
        await disrupt?.(signal);
        return this.#script.outcome ?? {};
      },
      remove: async () => {
        this.#note('remove');
        await remove?.(signal);
      },
      ...(examineWrapper
        ? {
            examineWrapper: async () => {
              this.#note('examine wrapper');
              await examineWrapper(signal);
            },
          }
        : {}),
      record: () => structuredClone(RECORD),
    };
  }
}

export function scriptedLoad(script: Script, note: (step: string) => void): LoadGenerator {
  return {
    name: 'builtin',
    async start({ signal, clock }: LoadOptions): Promise<RunningLoad> {
      note('start load');
      await script.startLoad?.(signal);
      signal.addEventListener('abort', () => note('load ends'));
      const died = script.died ?? new Promise<never>(() => {});
      died.catch(() => {});
      return {
        startedMs: clock.nowMs(),
        progress: () => ({ started: 7, failed: 0 }),
        died,
        async stop() {
          note('stop load');
          await script.stopLoad?.(signal);
          return { stoppedMs: clock.nowMs(), record: loadRecord(script.failures ?? 0, script.dropped?.shift()) };
        },
      };
    },
  };
}

function loadRecord(failures: number, dropped?: number): LoadRecord {
  const client = { phase: 'connect', error: 'ECONNREFUSED', connection: 'fresh' } as const;
  return {
    generator: 'scripted',
    plannedRequests: dropped === undefined ? failures : 100,
    droppedRequests: dropped ?? 0,
    successes: [],
    latency: {},
    failures: Array.from({ length: failures }, (_, index) => ({
      id: String(index),
      scenario: 'fresh',
      startedMs: 1,
      endedMs: 2,
      client,
      attempts: [],
    })),
  };
}

export function trialPlan(plan: Partial<TrialPlan> = {}): TrialPlan {
  return {
    identity: {
      runtime: 'node',
      runtimeVersion: '1',
      variant: 'valid',
      repeat: 0,
      cluster: 'scripted',
      load: 'builtin',
      seed: 1,
      run: 'run-1',
    },
    manifests: manifests(),
    requestMix: MIX,
    control: false,
    ...plan,
  };
}

/** Until the test ends, time passes only in `fast`. */
export function stopTime(t: TestContext): void {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  syncBuiltinESMExports(); // otherwise imports from node:timers/promises are not replaced
  t.after(() => {
    t.mock.timers.reset();
    syncBuiltinESMExports();
  });
}

/** Settles like the promise, while the time of the test passes as fast as possible. */
export async function fast<T>(t: TestContext, promise: Promise<T>): Promise<T> {
  let settled = false;
  const done = () => {
    settled = true;
  };
  promise.then(done, done);
  while (!settled) {
    t.mock.timers.tick(50);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return promise;
}
