/** Reads the pods' output: when each began to drain, stopped listening and ended, and its last lines. */
import type { V1Pod } from '@kubernetes/client-node';
import type { PodRecord } from '../../trace/cluster-record.ts';
import { type LoggedEvent, noteTime, readAppEvent } from '../app-log.ts';
import type { KubernetesApi } from './api.ts';
import { followLog, lastLine } from './follow-log.ts';
import { servingContainer } from './pod-timeline.ts';

/** How many of a pod's last lines are kept. */
const KEPT_LINES = 40;
const SILENCE_MS = 400;
/** The app logs a line at startup. Until it arrives, the kubelet may be silent for no longer than this. */
const FIRST_SILENCE_MS = 1000;

interface PodLog {
  events: LoggedEvent[];
  lines: string[];
}

export class PodLogs {
  /** From the app's first log line; undefined for other apps. */
  runtimeVersion: string | undefined;
  readonly #api: KubernetesApi;
  readonly #namespace: string;
  readonly #signal: AbortSignal;
  readonly #logs = new Map<string, PodLog>();

  constructor(api: KubernetesApi, namespace: string, signal: AbortSignal) {
    this.#api = api;
    this.#namespace = namespace;
    this.#signal = signal;
  }

  /**
   * Reads the log of the pod's first container until the pod is gone.
   * @param terminating whether the pod terminates; its last lines may then come at any moment, and are soon lost
   * @param ended whether no more output can come
   */
  async follow(pod: V1Pod, terminating: () => boolean, ended: () => boolean): Promise<void> {
    const name = pod.metadata?.name ?? '';
    const container = pod.spec?.containers[0]?.name ?? '';
    if (this.#logs.has(name)) return;
    const log: PodLog = { events: [], lines: [] };
    this.#logs.set(name, log);
    const maxSilenceMs = () => {
      if (terminating()) return SILENCE_MS;
      return log.lines.length === 0 ? FIRST_SILENCE_MS : undefined;
    };
    const source = { namespace: this.#namespace, pod: name, container, maxSilenceMs };
    await followLog(this.#api, source, (line) => this.#read(log, line), this.#signal, ended);
  }

  /** The last line that was read from a followed pod. */
  lastLine(pod: string): string | undefined {
    return this.#logs.get(pod)?.lines.at(-1);
  }

  /** The last line of any pod: requested if the pod was not followed or no line was read; undefined if that fails. */
  async fetchLastLine({ metadata, spec }: V1Pod): Promise<string | undefined> {
    const pod = metadata?.name ?? '';
    const source = { namespace: this.#namespace, pod, container: spec?.containers[0]?.name ?? '' };
    return this.lastLine(pod) ?? (await lastLine(this.#api, source, this.#signal));
  }

  /** Adds what the log shows to the record. The log's times are exact and replace those observed from outside. */
  complete(record: PodRecord, fromPodMs: (epochMs: number) => number): PodRecord {
    const log = this.#logs.get(record.name);
    const complete = structuredClone(record);
    const container = servingContainer(complete);
    if (!log || !container) return record;
    container.log = log.lines;
    const exit = log.events.find(({ field }) => field === 'endedMs');
    const run = container.runs.at(-1);
    if (exit && run) {
      delete run.endedMs;
      delete run.endedBoundMs;
    }
    for (const { field, wallMs } of log.events) if (field) noteTime(container, field, fromPodMs(wallMs));
    return complete;
  }

  #read(log: PodLog, line: string): void {
    log.lines.push(line);
    if (log.lines.length > KEPT_LINES) log.lines.shift();
    const event = readAppEvent(line);
    if (!event) return;
    log.events.push(event);
    this.runtimeVersion ??= event.runtimeVersion;
  }
}
