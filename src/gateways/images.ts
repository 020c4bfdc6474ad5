/** The images of the gateways on a cluster: the official ones, in the versions that the tests run. */
export const IMAGES = {
  nginx: 'nginx:1.31.3',
  haproxy: 'haproxy:2.8.25',
  traefik: 'traefik:3.7.15',
  envoy: 'envoyproxy/envoy:v1.40.0',
  caddy: 'caddy:2.11.7',
} as const;

/** The version that an image's tag names: "1.40.0" of "envoyproxy/envoy:v1.40.0"; else what follows the last slash. */
export function versionOfImage(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1).replace(/@sha256:.*/, '');
  const tag = name.split(':')[1] ?? '';
  return /^v?(\d+(?:\.\d+)*)/.exec(tag)?.[1] ?? name;
}
