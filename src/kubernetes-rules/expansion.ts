/** Kubernetes' references to environment variables, in a container's command and in its variables' values. */

/**
 * Replaces `$(NAME)` by that variable; a reference to an unknown one stays as it is, and `$$` is one `$`.
 * Source: third_party/forked/golang/expansion in Kubernetes.
 */
export function expandReferences(word: string, env: Readonly<Record<string, string>>): string {
  return word.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (reference, name?: string) => {
    if (name === undefined) return '$';
    return (Object.hasOwn(env, name) ? env[name] : undefined) ?? reference;
  });
}
