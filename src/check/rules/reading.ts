/** Rules about documents that cannot be checked, or that kubectl reads differently than they look. The reader applies them. */
import type { Rule } from '../rule.ts';

const UNREADABLE: Rule = {
  id: 'unreadable-document',
  title: 'a document that kubectl cannot read',
  severity: 'error',
  judges: 'manifest',
  explanation:
    'The document is not valid YAML, or it is not a Kubernetes object because apiVersion or kind is missing. Such a document costs one finding, and the check goes on with the others. Templates of Helm and other tools must be rendered first.',
  documented: 'kubectl apply fails on such a document, with exit code 1.',
  fix: `apiVersion: apps/v1
kind: Deployment
spec:
  replicas: 3`,
};

const REMOVED: Rule = {
  id: 'removed-api-version',
  title: 'an API version that Kubernetes removed',
  severity: 'error',
  judges: 'manifest',
  explanation:
    'No current API server has this API version, so kubectl apply fails and nothing is rolled out. The object is not checked any further, because fields and defaults differ between versions. `kubectl convert` rewrites objects.',
  documented:
    "Kubernetes' deprecated API migration guide, https://kubernetes.io/docs/reference/using-api/deprecation-guide/.",
  fix: `apiVersion: apps/v1
kind: Deployment
spec:
  # Required in apps/v1; older versions took it from the template's labels.
  selector:
    matchLabels:
      app: shop`,
  alsoKnownAs: ['kube-linter no-extensions-v1beta', 'kube-score stable-version'],
};

const DUPLICATE_KEY: Rule = {
  id: 'duplicate-key',
  title: 'a key that is written twice',
  severity: 'warning',
  judges: 'manifest',
  explanation:
    'kubectl keeps the last value and drops the others without a word. A rollout then uses a value that nobody reads at first sight. kustomize refuses such a file.',
  documented: 'kubectl 1.37 keeps the last value; kustomize 5.8 fails with "mapping key already defined".',
  fix: `kind: Deployment
spec:
  replicas: 3`,
};

export const READING_RULES: readonly Rule[] = [UNREADABLE, REMOVED, DUPLICATE_KEY];
