/** Kubernetes' references to environment variables in a container's command. */

/**
 * Replaces `$(NAME)` by that variable; a reference to an unknown one stays as it is, and `$$` is one `$`.
 * Source: third_party/forked/golang/expansion in Kubernetes.
 */
export function expandReferences(word: string, env: Readonly<Record<string, string>>): string {
  return word.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (reference, name?: string) =>
    name === undefined ? '$' : (env[name] ?? reference),
  );
}
