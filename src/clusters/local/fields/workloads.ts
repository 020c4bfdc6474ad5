/** The fields of the workloads that are rolled out. */
import { METADATA } from './metadata.ts';
import { POD_TEMPLATE } from './pod.ts';
import { all, carriedOut, type FieldTree, noEffect, refused } from './policy.ts';

const LABELS: FieldTree = {
  matchLabels: { '*': carriedOut() },
  matchExpressions: all(carriedOut(), 'key', 'operator', 'values'),
};

const OBJECT: FieldTree = {
  ...all(carriedOut(), 'apiVersion', 'kind'),
  metadata: METADATA,
  status: noEffect('the API server writes it'),
};

const SPEC: FieldTree = {
  minReadySeconds: carriedOut(),
  revisionHistoryLimit: noEffect('old ReplicaSets and ControllerRevisions have no pods'),
  selector: LABELS,
  template: POD_TEMPLATE,
};

const REPLICAS: FieldTree = {
  replicas: carriedOut('at least what an autoscaler of the input keeps').except(
    '0',
    (value) => value === 0,
    'there are no pods to replace',
    '2',
  ),
};

const ON_DELETE = 'OnDelete replaces no pod by itself';
const updateType = carriedOut().except('OnDelete', (value) => value === 'OnDelete', ON_DELETE);

export const DEPLOYMENT: FieldTree = {
  ...OBJECT,
  spec: {
    ...SPEC,
    ...REPLICAS,
    paused: refused('a paused Deployment does not roll out').unless(false),
    progressDeadlineSeconds: carriedOut(),
    strategy: { type: carriedOut(), rollingUpdate: all(carriedOut(), 'maxSurge', 'maxUnavailable') },
  },
};

export const STATEFUL_SET: FieldTree = {
  ...OBJECT,
  spec: {
    ...SPEC,
    ...REPLICAS,
    podManagementPolicy: carriedOut(),
    updateStrategy: { type: updateType, rollingUpdate: all(carriedOut(), 'partition', 'maxUnavailable') },
    ...all(noEffect('it is part of the names of pods'), 'ordinals', 'serviceName'),
    ...all(
      noEffect('a command that runs in place of the image uses the files of this machine'),
      'persistentVolumeClaimRetentionPolicy',
      'volumeClaimTemplates',
    ),
  },
};

export const DAEMON_SET: FieldTree = {
  ...OBJECT,
  spec: {
    ...SPEC,
    updateStrategy: { type: updateType, rollingUpdate: all(carriedOut(), 'maxSurge', 'maxUnavailable') },
  },
};
