/** The file of the repository that a finding of some source points to. */

/**
 * A rendered kustomization points to its kustomization.yaml, which does not have the finding's lines; standard input
 * points to no file.
 */
export type ArtifactOf = (source: string) => { file?: string; hasLines: boolean };

/** A path as a URI reference: forward slashes, no `./`, and everything that is special in a URI escaped. */
export function artifactUri(path: string): string {
  return posixPath(path.toWellFormed()).replace(/^\/+/, '/').split('/').map(encodeURIComponent).join('/');
}

/** Relative where it was given so, with forward slashes and no `./` in front. */
export function posixPath(path: string): string {
  return path.replaceAll('\\', '/').replace(/^(\.\/)+/, '');
}
