/** What a controller says about a route in its status: whether it accepts it, and where it serves it. */
import * as z from 'zod';
import { delay } from '../../../timers.ts';
import { within } from '../../condition.ts';
import { apiError, type KubernetesApi, unlessAborted } from '../api.ts';

const POLL_MS = 100;
const MAX_BYTES = 1 << 20;

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
 * Waits until the Gateway accepts an HTTPRoute. Source: RouteStatus of the Gateway API.
 * @returns undefined once it does, else why not
 */
export async function refusalOf(options: RouteStatusOptions): Promise<string | undefined> {
  const conditionsOf = ({ status }: RouteObject) => status?.parents?.[0]?.conditions ?? [];
  const holds = (route: RouteObject, type: string) =>
    conditionsOf(route).some((each) => each.type === type && each.status === 'True');
  const last = await until(options, (route) => holds(route, 'Accepted') && holds(route, 'ResolvedRefs'));
  if (last.fits) return undefined;
  const refusal = conditionsOf(last.route).find(({ status }) => status === 'False');
  return refusal ? `${refusal.reason}: ${refusal.message}` : 'its status has no condition';
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
  return addressIn((await until(options, (route) => addressIn(route) !== undefined)).route);
}

async function until(
  options: RouteStatusOptions,
  wanted: (route: RouteObject) => boolean,
): Promise<{ route: RouteObject; fits: boolean }> {
  const leftMs = within(options.limitMs);
  for (;;) {
    const route = await readRoute(options);
    const fits = wanted(route);
    if (fits || leftMs() <= 0) return { route, fits };
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
