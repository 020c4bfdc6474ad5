/** A preStop hook in the words of a record. */
import type { LifecycleHandler } from '../kubernetes-rules/objects.ts';
import type { HookRecord } from '../trace/cluster-record.ts';

/** Its kind, and the command, the address or the length, as the manifest has it. */
export function describeHook({ sleep, exec, httpGet }: LifecycleHandler): Pick<HookRecord, 'kind' | 'what'> {
  if (sleep) return { kind: 'sleep', what: `${sleep.seconds} s` };
  if (exec) return { kind: 'exec', what: (exec.command ?? []).join(' ') };
  return { kind: 'httpGet', what: `:${httpGet?.port}${httpGet?.path ?? '/'}` };
}
