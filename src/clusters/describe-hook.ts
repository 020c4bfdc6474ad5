/** Describes a preStop hook for a record. */
import type { LifecycleHandler } from '../kubernetes-rules/objects.ts';
import type { HookRecord } from '../trace/cluster-record.ts';

/** Its kind, and its command, address or length, as in the manifest. */
export function describeHook({ sleep, exec, httpGet }: LifecycleHandler): Pick<HookRecord, 'kind' | 'what'> {
  if (sleep) return { kind: 'sleep', what: `${sleep.seconds} s` };
  if (exec) return { kind: 'exec', what: (exec.command ?? []).join(' ') };
  return { kind: 'httpGet', what: `:${httpGet?.port}${httpGet?.path ?? '/'}` };
}
