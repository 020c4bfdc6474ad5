/** An observer of the workload `web` in the namespace `ns` of an API server for tests. */
import type { TestContext } from 'node:test';
import { Observer } from '../../src/clusters/kubernetes/observer.ts';
import { startClock, type TrialClock } from '../../src/trace/clock.ts';
import type { ClusterRecord } from '../../src/trace/cluster-record.ts';
import { within } from '../app/within.ts';
import { manifests, type Shape } from '../engine/manifests.ts';
import { type ApiServer, startApiServer } from './api-server/server.ts';

export interface ObservedOptions {
  shape?: Shape;
  readsAppLog?: boolean;
  clock?: TrialClock;
  /** What exists before the observer starts. */
  before?: (server: ApiServer) => void;
}

export async function observe(t: TestContext, options: ObservedOptions = {}) {
  const { server, api } = await startApiServer(t);
  options.before?.(server);
  const ending = new AbortController();
  t.after(() => ending.abort());
  const observer = new Observer({
    api,
    namespace: 'ns',
    manifests: manifests(options.shape),
    clock: options.clock ?? startClock(),
    readsAppLog: options.readsAppLog ?? false,
    signal: ending.signal,
    onEvent: () => server.emit('step'),
  });
  await within(5000, 'the first lists', observer.start());
  await server.watched('endpointslices', 'events', 'pods');
  /** Resolves once the record meets the condition. Rejects with the error that ends the trial. */
  const recorded = (what: string, condition: (record: ClusterRecord) => boolean): Promise<void> =>
    within(
      5000,
      what,
      observer.until(what, 1, ending.signal, () => condition(observer.record())),
    );
  return { server, observer, ending, recorded };
}
