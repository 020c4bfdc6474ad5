/** What a controller says about a route in its status: whether it accepts it, and where it serves it. */
import * as z from 'zod';
import { delay } from '../../../timers.ts';
import { within } from '../../condition.ts';
import { apiError, type KubernetesApi, unlessAborted } from '../api.ts';

const POLL_MS = 100;
/** A controller may not have seen the Service yet, so a refusal counts once it has stayed for this long, in ms. */
const REFUSED_FOR_MS = 5000;
const MAX_BYTES = 1 << 20;

/** The conditions that an HTTPRoute needs. */
const NEEDED: readonly string[] = ['Accepted', 'ResolvedRefs'];

const Condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
});
const Address = z.object({ ip: z.string().optional(), hostname: z.string().optional() });
const RouteObject = z.object({
  status: z
    .object({
      loadBalancer: z.object({ ingress: z.array(Address).optional() }).optional(),
      parents: z.array(z.object({ conditions: z.array(Condition) })).optional(),
    })
    .optional(),
});
type RouteObject = z.infer<typeof RouteObject>;

export interface RouteStatusOptions {
  api: KubernetesApi;
  /** The path of the route's object. */
  path: string;
  /** How long the controller may take, in ms. */
  limitMs: number;
  /** Ends every wait. */
  signal: AbortSignal;
}

/**
 * Waits until the Gateway accepts an HTTPRoute, or keeps refusing it. Source: RouteStatus of the Gateway API.
 * @returns undefined if it accepts it, else why not
 */
export async function refusalOf(options: RouteStatusOptions): Promise<string | undefined> {
  const conditionsOf = ({ status }: RouteObject) => status?.parents?.[0]?.conditions ?? [];
  const refusalIn = (route: RouteObject) => {
    const refusal = conditionsOf(route).find(({ type, status }) => NEEDED.includes(type) && status === 'False');
    return refusal && `${refusal.reason}: ${refusal.message}`;
  };
  const accepts = (route: RouteObject) =>
    NEEDED.every((type) => conditionsOf(route).some((each) => each.type === type && each.status === 'True'));
  let refused: { why: string; leftMs: () => number } | undefined;
  const stays = (route: RouteObject) => {
    const why = refusalIn(route);
    if (why !== refused?.why) refused = why === undefined ? undefined : { why, leftMs: within(REFUSED_FOR_MS) };
    return refused !== undefined && refused.leftMs() <= 0;
  };
  const route = await until(options, (now) => accepts(now) || stays(now));
  return accepts(route) ? undefined : (refusalIn(route) ?? 'its status has no condition');
}

/**
 * Waits until an Ingress has an address.
 * @returns an IP address or a host's name; undefined if it got none
 */
export async function addressOf(options: RouteStatusOptions): Promise<string | undefined> {
  const addressIn = ({ status }: RouteObject) => {
    const { ip, hostname } = status?.loadBalancer?.ingress?.[0] ?? {};
    return ip ?? hostname;
  };
  return addressIn(await until(options, (route) => addressIn(route) !== undefined));
}

/** @returns the route as it is then, or when the time is up */
async function until(options: RouteStatusOptions, wanted: (route: RouteObject) => boolean): Promise<RouteObject> {
  const leftMs = within(options.limitMs);
  for (;;) {
    const route = await readRoute(options);
    if (wanted(route) || leftMs() <= 0) return route;
    await unlessAborted(options.signal, delay(POLL_MS));
  }
}

async function readRoute({ api, path, signal }: RouteStatusOptions): Promise<RouteObject> {
  const answer = await unlessAborted(signal, api.read(path, {}, MAX_BYTES)).catch((error: unknown) => {
    signal.throwIfAborted();
    throw apiError(error, 'read the route to the app', api);
  });
  return RouteObject.parse(answer.list);
}
