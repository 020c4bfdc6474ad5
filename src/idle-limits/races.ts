/**
 * Which server and gateway race. If the server closes an idle connection first, the gateway can send a request on it at
 * that moment, and the request is lost although no rollout is going on.
 */
import { GATEWAYS, type GatewayLimit } from './gateways.ts';
import type { ServerLimit } from './servers.ts';

/**
 * A limit of the server must be this much above the gateway's, in ms. The gateway counts from when it has read the
 * response, which is later than when the server has sent it.
 */
const MARGIN_MS = 1000;

/** How much above the gateway's limit the advice puts the server's, in s. */
const ADVISED_MARGIN_SECONDS = 5;

/** Whether a gateway that keeps connections for `keepsMs` can use one that the server closes after `closesAfterMs`. */
export function keepsLonger(keepsMs: GatewayLimit['keepsMs'], closesAfterMs: number): boolean {
  return keepsMs === undefined || keepsMs + MARGIN_MS > closesAfterMs;
}

/** Whether the two race by default. A server that was not seen to close a connection races with none. */
export function races({ closesAfterMs }: ServerLimit, { keepsMs }: GatewayLimit): boolean {
  return closesAfterMs !== undefined && keepsLonger(keepsMs, closesAfterMs);
}

/** The gateways that race by default with a server that closes an idle connection after this many ms. */
export function racingGateways(closesAfterMs: number): GatewayLimit[] {
  return GATEWAYS.filter(({ keepsMs }) => keepsLonger(keepsMs, closesAfterMs));
}

/** What to set the server's limit to, in s; undefined if no limit is long enough. */
export function advisedServerSeconds(keepsMs: GatewayLimit['keepsMs']): number | undefined {
  return keepsMs === undefined ? undefined : Math.ceil(keepsMs / 1000) + ADVISED_MARGIN_SECONDS;
}

/** For example "90 s", "2 min", "1 h"; "no fixed time" if there is none. */
export function keepsText(keepsMs: GatewayLimit['keepsMs']): string {
  if (keepsMs === undefined) return 'no fixed time';
  if (keepsMs >= 3_600_000 && keepsMs % 3_600_000 === 0) return `${keepsMs / 3_600_000} h`;
  if (keepsMs >= 120_000 && keepsMs % 60_000 === 0) return `${keepsMs / 60_000} min`;
  return `${keepsMs / 1000} s`;
}
