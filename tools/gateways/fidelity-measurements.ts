/** What the part of docs/fidelity.md about gateways is made from: the same trials on both clusters. */
import { VARIANTS } from '../../src/manifests/overlays.ts';
import type { Measurement } from './measurements.ts';

export const PLACES = ['local', 'kubernetes'] as const;
export type Place = (typeof PLACES)[number];

/** Half the rate of a comparison, because GET requests come on top. */
const RATE = ['--rate', '200'];

/** Gateways that learn of the pods on a cluster as well. */
const TO_PODS = { name: 'pods', ways: ['traefik', 'envoy'], variants: VARIANTS };
/** Those that are reverse proxies there, before the Service's address. */
const TO_SERVICE = {
  name: 'service',
  ways: ['nginx:service', 'haproxy:service', 'caddy:service'],
  variants: ['broken', 'without-pre-stop', 'valid'],
};

/** On a real cluster a trial takes most of a minute and runs alone, so each runs once. */
export function fidelityMeasurements(place: Place): Measurement[] {
  const where = place === 'local' ? ['--repeat', '2'] : ['--on', 'kubernetes'];
  return [TO_PODS, TO_SERVICE].map(({ name, ways, variants }) => ({
    name: `fidelity-${name}-${place}`,
    args: ['compare', ...where, ...RATE, '--through', ways.join(','), '--variant', variants.join(',')],
  }));
}
