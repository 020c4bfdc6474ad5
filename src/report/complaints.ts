import type { Complaint } from '../results/judge.ts';

/** A complaint as one line: "invalid: valid-bun: no request was made", "valid-node broke 3 requests". */
export function complaintLine({ kind, trial, text }: Complaint): string {
  if (kind === 'invalid') return `invalid: ${trial === undefined ? '' : `${trial}: `}${text}`;
  return trial === undefined ? text : `${trial} ${text}`;
}
