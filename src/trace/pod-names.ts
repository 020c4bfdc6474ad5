/** Replaces pod names by uids: responses contain their pod's name, and the trial knows the uids. Pure. */
import type { PodRecord, PodRef } from './cluster-record.ts';
import type { LoadRecord } from './load-record.ts';
import { BUCKET_MS } from './units.ts';

/**
 * The record with uids instead of names. If several pods had the same name, takes the last one created before that
 * time. A name that no pod of the trial has stays unchanged.
 */
export function withPodUids(record: LoadRecord, pods: readonly PodRecord[]): LoadRecord {
  const uids = new Set(pods.map(({ uid }) => uid));
  const byName = new Map<string, PodRecord[]>();
  for (const pod of pods) byName.set(pod.name, [...(byName.get(pod.name) ?? []), pod]);
  const uidAt = (uidOrName: string, atMs: number): string => {
    if (uids.has(uidOrName)) return uidOrName;
    const named = byName.get(uidOrName) ?? [];
    return (named.findLast(({ createdMs }) => createdMs <= atMs) ?? named[0])?.uid ?? uidOrName;
  };
  const refAt = ({ uid, name }: PodRef, atMs: number): PodRef => ({ uid: uidAt(uid, atMs), name });
  const { newConnections, sessions, ...rest } = record;
  return {
    ...rest,
    failures: record.failures.map((request) => ({
      ...request,
      attempts: request.attempts.map((attempt) =>
        attempt.pod ? { ...attempt, pod: refAt(attempt.pod, attempt.startedMs) } : attempt,
      ),
    })),
    successes: record.successes.map((success) => ({
      ...success,
      pod: success.pod === '' ? '' : uidAt(success.pod, success.bucket * BUCKET_MS),
    })),
    ...(sessions && {
      sessions: {
        ...sessions,
        opened: sessions.opened.map((session) => ({
          ...session,
          pod: session.pod === '' ? '' : uidAt(session.pod, session.openedMs),
        })),
      },
    }),
    ...(newConnections && {
      newConnections: Object.fromEntries(
        Object.entries(newConnections).map(([pod, times]) => [uidAt(pod, times.lastMs), times]),
      ),
    }),
  };
}
