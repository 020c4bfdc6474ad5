/** What the part of docs/fidelity.md about gateways is made from: the same trials on both clusters. */
import { VARIANTS } from '../../src/manifests/overlays.ts';
import type { Measurement } from './measurements.ts';

export const PLACES = ['local', 'kubernetes'] as const;
export type Place = (typeof PLACES)[number];

/** Half the rate of a comparison, because GET requests come on top. */
const RATE = ['--rate', '200'];

/** Gateways that learn of the pods on a cluster as well. */
const TO_PODS = { name: 'pods', ways: ['traefik', 'envoy'], variants: VARIANTS, repeats: { local: 2, kubernetes: 1 } };
/** Those that are reverse proxies there, before the Service's address. */
const TO_SERVICE = {
  name: 'service',
  repeats: { local: 3, kubernetes: 3 },
  ways: ['nginx:service', 'haproxy:service', 'caddy:service'],
  variants: ['broken', 'without-pre-stop', 'valid'],
};

/** HAProxy loses few requests there, in many rollouts none, so a verdict needs more of them. */
const RARE = {
  ...TO_SERVICE,
  name: 'rare',
  repeats: { local: 10, kubernetes: 10 },
  ways: ['haproxy:service'],
  variants: ['without-pre-stop'],
};

/** The controller that the local Envoy is told of endpoints like, installed on the cluster as its quick start does it. */
const CONTOUR = 'projectcontour/envoy';
export const BEHIND_CONTOUR: Measurement = {
  name: 'fidelity-contour',
  args: [
    ...[
      'compare',
      '--on',
      'kubernetes',
      '--repeat',
      '2',
      ...RATE,
      '--runtime',
      'node',
      '--variant',
      VARIANTS.join(','),
    ],
    ...['--ingress-class', 'contour', '--gateway-service', CONTOUR, '--gateway-logs', CONTOUR],
  ],
};

/** On a real cluster a trial takes most of a minute and runs alone. */
export function fidelityMeasurements(place: Place): Measurement[] {
  return [TO_PODS, TO_SERVICE, RARE].map(({ name, ways, variants, repeats }) => {
    const where = ['--on', place, '--repeat', String(repeats[place])];
    return {
      name: `fidelity-${name}-${place}`,
      args: ['compare', ...where, ...RATE, '--through', ways.join(','), '--variant', variants.join(',')],
    };
  });
}
