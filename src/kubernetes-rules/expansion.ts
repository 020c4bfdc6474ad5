/** References to environment variables, `$(NAME)`, in a container's command and in the values of its variables. */

/**
 * Replaces `$(NAME)` by the variable's value. A reference to an unknown variable stays unchanged, and `$$` becomes `$`.
 * Source: third_party/forked/golang/expansion in Kubernetes.
 */
export function expandReferences(word: string, env: Readonly<Record<string, string>>): string {
  return word.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (reference, name?: string) => {
    if (name === undefined) return '$';
    return (Object.hasOwn(env, name) ? env[name] : undefined) ?? reference;
  });
}
