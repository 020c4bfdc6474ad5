/** Finds the smallest set of fixes that stops a service from breaking requests, by trying sets in turn. */
import { type Advice, advise } from '../analysis/advice.ts';
import type { TrialResult } from '../analysis/result.ts';
import { refusalsOf } from '../kubernetes-rules/admission.ts';
import type { Fix } from '../manifests/overlays.ts';
import { ownRuntime } from '../own-service/command.ts';
import { type LocalService, type Origin, planTrial } from '../own-service/plan.ts';
import { OWN } from '../results/trial-name.ts';
import { CONTROL } from '../trace/controls.ts';
import type { Trace } from '../trace/trace.ts';
import type { TrialPlan } from '../trials/trial.ts';
import { type CandidateFix, type Candidates, candidateFixes, replicasFix } from './candidates.ts';
import { applyPatch, mergePatches, type WorkloadPatch } from './patch.ts';
import { MAX_INVALID, nextStep, setName, type Tried } from './search.ts';

export interface FindFixOptions extends Origin {
  /** How many clean rollouts prove a set. */
  repeats: number;
  /** How many requests a clean rollout may break. */
  maxFailed: number;
  /** Runs the trials. Results are in the order in which they ended. */
  measure(trials: readonly TrialPlan[], what: string): Promise<{ results: TrialResult[]; traces: Trace[] }>;
}

export interface FoundFix {
  state: 'nothing-to-fix' | 'found' | 'not-found' | 'invalid';
  /** The set that was found, else empty. */
  changes: CandidateFix[];
  patch: WorkloadPatch;
  /** The fixes that were not tried, and why. */
  untried: string[];
  tried: Tried[];
  /** From the unchanged manifest. */
  advice: Advice;
  /**
   * If no set was found: advice from the rollouts of the set that came closest. What it names must be changed
   * elsewhere.
   */
  rest: Advice | undefined;
}

/** Runs until a set is proved, or none is left. Rejects if `measure` does. */
export async function findFix(service: LocalService, options: FindFixOptions): Promise<FoundFix> {
  const search = new Search(service, options);
  const measured = await search.measureUnchanged();
  const { fixes, untried } = search.candidates;
  if (!measured)
    return {
      state: 'invalid',
      changes: [],
      patch: {},
      untried,
      tried: search.tried,
      advice: search.advice,
      rest: undefined,
    };
  const names = fixes.map(({ fix }) => fix);
  for (;;) {
    const step = nextStep(names, search.tried, options.repeats, options.maxFailed);
    if (step.kind === 'try') {
      await search.run(step.trials);
      continue;
    }
    const set = step.kind === 'found' ? step.set : [];
    const changes = fixes.filter(({ fix }) => set.includes(fix));
    const found = set.length === 0 ? 'nothing-to-fix' : 'found';
    const state = step.kind === 'found' ? found : step.kind === 'none' ? 'not-found' : 'invalid';
    const patch = mergePatches(changes.map((change) => change.patch));
    const rest = state === 'not-found' ? search.adviceOnTheRest : undefined;
    return { state, changes, patch, untried, tried: search.tried, advice: search.advice, rest };
  }
}

class Search {
  readonly tried: Tried[] = [];
  candidates: Candidates = { fixes: [], untried: [] };
  readonly #service: LocalService;
  readonly #options: FindFixOptions;
  /** The traces that the values of the fixes are derived from. */
  readonly #traces: Trace[] = [];
  readonly #valid: { name: string; failed: number; trace: Trace }[] = [];

  constructor(service: LocalService, options: FindFixOptions) {
    this.#service = service;
    this.#options = options;
  }

  /** The advice for the unchanged manifest. */
  get advice(): Advice {
    return advise(this.#traces);
  }

  /** Advice from the set whose worst rollout broke the fewest requests. */
  get adviceOnTheRest(): Advice {
    const worst = new Map<string, number>();
    for (const { name, failed } of this.#valid) worst.set(name, Math.max(failed, worst.get(name) ?? 0));
    const [best] = [...worst].sort((one, other) => one[1] - other[1]);
    return advise(this.#valid.filter(({ name }) => name === best?.[0]).map(({ trace }) => trace));
  }

  /**
   * Measures a control and the unchanged manifest, which the values of the fixes are derived from. If all pods
   * terminate at once, routers have no other pod to send to, so their lag is measured with enough replicas. False if no
   * trial was valid.
   */
  async measureUnchanged(): Promise<boolean> {
    const { manifests } = this.#service;
    const replicas = replicasFix(manifests.workload);
    this.candidates = { fixes: replicas ? [replicas] : [], untried: [] };
    if (!(await this.#measureValid(CONTROL)) || !(await this.#measureValid(OWN))) return false;
    if (this.advice.routing === null && replicas && !(await this.#measureValid(variantOf(['replicas'])))) return false;
    this.candidates = candidateFixes(manifests.workload, this.advice, ownRuntime(manifests) !== undefined);
    return true;
  }

  /** Tries these sets and records the outcomes. */
  async run(trials: readonly { set: readonly Fix[]; times: number }[]): Promise<void> {
    const plans = trials.flatMap(({ set, times }) => this.#plan(set, times));
    if (plans.length === 0) return;
    const sizes = [...new Set(trials.map(({ set }) => set.length))];
    const what = sizes[0] === 0 ? 'unchanged' : `${sizes.join(' and ')} of ${this.candidates.fixes.length} fixes`;
    this.#noteAll(await this.#options.measure(plans, what));
  }

  /** Repeats a trial until it is valid, a few times at most, and keeps its trace for the advice. */
  async #measureValid(variant: string): Promise<boolean> {
    for (let repeat = 0; repeat <= MAX_INVALID; repeat++) {
      const set = setOf(variant);
      const plans =
        variant === CONTROL ? [planTrial(this.#service, CONTROL, repeat, this.#options)] : this.#plan(set, 1);
      const what = variant === CONTROL ? 'control' : set.length === 0 ? 'unchanged' : 'with replicas';
      const measured = await this.#options.measure(plans, what);
      const { results, traces } = measured;
      if (variant !== CONTROL) this.#noteAll(measured);
      this.#traces.push(...traces.filter((_, index) => results[index]?.valid));
      if (results.some((result) => result.valid)) return true;
    }
    return false;
  }

  #plan(set: readonly Fix[], times: number): TrialPlan[] {
    const outcome = this.#outcome(set);
    const patches = this.candidates.fixes.filter(({ fix }) => set.includes(fix)).map(({ patch }) => patch);
    const manifests = applyPatch(this.#service.manifests, mergePatches(patches));
    const [refusal] = refusalsOf(manifests.workload);
    if (refusal) {
      this.#replace({ ...outcome, refused: `${refusal.field}: ${refusal.reason}` });
      return [];
    }
    const first = outcome.failed.length + outcome.invalid;
    return Array.from({ length: times }, (_, index) =>
      planTrial({ ...this.#service, manifests }, variantOf(set), first + index, this.#options),
    );
  }

  #noteAll({ results, traces }: { results: readonly TrialResult[]; traces: readonly Trace[] }): void {
    for (const [index, result] of results.entries()) {
      this.#note(result);
      const trace = traces[index];
      if (trace && result.valid) this.#valid.push({ name: result.variant, failed: result.failed, trace });
    }
  }

  #note(result: TrialResult): void {
    const set = setOf(result.variant);
    const outcome = this.#outcome(set);
    this.#replace(
      result.valid
        ? { ...outcome, failed: [...outcome.failed, result.failed] }
        : { ...outcome, invalid: outcome.invalid + 1 },
    );
  }

  #outcome(set: readonly Fix[]): Tried {
    return this.tried.find((known) => setName(known.set) === setName(set)) ?? { set, failed: [], invalid: 0 };
  }

  #replace(outcome: Tried): void {
    const index = this.tried.findIndex((known) => setName(known.set) === setName(outcome.set));
    if (index < 0) this.tried.push(outcome);
    else this.tried[index] = outcome;
  }
}

/** `own` for the unchanged manifest, else with its fixes: `own+pre-stop+replicas`. */
function variantOf(set: readonly Fix[]): string {
  return [OWN, ...(set.length > 0 ? [setName(set)] : [])].join('+');
}

function setOf(variant: string): Fix[] {
  return variant.split('+').slice(1) as Fix[];
}
