/** The fields that all objects have. */
import { all, carriedOut, type FieldTree, noEffect, refused } from './policy.ts';

const NAMES = noEffect('it names the object, or describes it for people and programs that do not run here');
const SERVER = noEffect('the API server writes it');

/** Everything but names is written by the API server or for others. */
export const METADATA: FieldTree = {
  ...all(carriedOut('the objects of one namespace are matched'), 'name', 'namespace'),
  ...all(NAMES, 'annotations', 'labels', 'generateName', 'finalizers', 'ownerReferences'),
  ...all(
    SERVER,
    'creationTimestamp',
    'deletionGracePeriodSeconds',
    'deletionTimestamp',
    'generation',
    'managedFields',
    'resourceVersion',
    'selfLink',
    'uid',
  ),
};

/** A value of an annotation or a label is always text. */
const isOff = (value: unknown) => ['false', 'disabled', 'no', 'off'].includes(String(value));

const INJECTION = refused('a mesh adds a proxy to each pod, which starts and ends apart from the server').unlessThat(
  'false, disabled',
  isOff,
  'no proxy is added',
);

/** The labels and annotations that ask for a sidecar. Source: the documentation of these meshes. */
const INJECTED: FieldTree = all(
  INJECTION,
  'sidecar.istio.io/inject',
  'istio-injection',
  'istio.io/rev',
  'linkerd.io/inject',
  'consul.hashicorp.com/connect-inject',
  'kuma.io/sidecar-injection',
  'openservicemesh.io/sidecar-injection',
  'appmesh.k8s.aws/sidecarInjectorWebhook',
);

/** Labels of pods are what selectors match. */
export const POD_METADATA: FieldTree = {
  ...METADATA,
  labels: { ...INJECTED, '*': carriedOut('selectors match them') },
  annotations: { ...INJECTED, '*': NAMES },
};

/** The Namespace of the workload: a mesh can be asked for all its pods. */
export const NAMESPACE: FieldTree = {
  ...all(carriedOut(), 'apiVersion', 'kind'),
  metadata: { ...METADATA, labels: { ...INJECTED, '*': NAMES }, annotations: { ...INJECTED, '*': NAMES } },
  ...all(SERVER, 'spec', 'status'),
};
