/** The repository file that a finding points to. */

/**
 * Maps the source of a finding to a file. A rendered kustomization maps to its kustomization.yaml, whose lines are not
 * those of the finding. Standard input maps to no file.
 */
export type ArtifactOf = (source: string) => { file?: string; hasLines: boolean };

/** A path as a URI reference: forward slashes, no leading `./`, special characters escaped. */
export function artifactUri(path: string): string {
  return posixPath(path.toWellFormed()).replace(/^\/+/, '/').split('/').map(encodeURIComponent).join('/');
}

/** The path with forward slashes and without a leading `./`. A relative path stays relative. */
export function posixPath(path: string): string {
  return path.replaceAll('\\', '/').replace(/^(\.\/)+/, '');
}
