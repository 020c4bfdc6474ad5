/** The version that an image's tag names: "1.40.0" of "envoyproxy/envoy:v1.40.0"; else what follows the last slash. */
export function versionOfImage(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1).replace(/@sha256:.*/, '');
  const tag = name.split(':')[1] ?? '';
  return /(?:^|-)v?(\d+(?:\.\d+)*)/.exec(tag)?.[1] ?? name;
}
