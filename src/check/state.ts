/** Whether a workload holds state, so that more replicas would be several unconnected copies of it. */
import * as z from 'zod';
import { imageName } from './images.ts';
import type { ClaimObject, VolumeObject, WorkloadObject } from './objects.ts';
import { letsSecondPodIn } from './shared-volumes.ts';
import { isHelper } from './sidecar-images.ts';

/** Databases, brokers, caches with persistence, and servers that keep their data in a local file by default. */
const STATEFUL_IMAGES = new Set(
  (
    'postgres postgresql postgis pgvector timescaledb timescaledb-ha spilo mysql mariadb percona percona-server ' +
    'percona-xtradb-cluster mongo mongodb percona-server-mongodb redis redis-stack redis-stack-server valkey keydb ' +
    'dragonfly kvrocks memcached cassandra scylla scylladb couchdb couchbase cockroach cockroachdb crate clickhouse ' +
    'clickhouse-server elasticsearch opensearch solr meilisearch typesense zincsearch influxdb questdb victoria-metrics ' +
    'vmstorage prometheus rabbitmq activemq activemq-artemis activemq-classic artemis kafka cp-kafka redpanda zookeeper ' +
    'cp-zookeeper nats nats-streaming pulsar pulsar-all emqx eclipse-mosquitto mosquitto hivemq4 hivemq-ce etcd consul vault ' +
    'minio neo4j arangodb dgraph orientdb rethinkdb ravendb rqlite tikv firebird oracle-xe oracle-free ' +
    'mssql-server db2 db2_community_edition hbase qdrant weaviate milvus chroma chromadb grafana jenkins gitea forgejo ' +
    'nexus3 sonarqube registry h2 derby eventstore hazelcast ignite geth mailhog mailpit'
  ).split(' '),
);
const VARIANT =
  /-(\d+|galera|ha|server|cluster|sharded|repmgr|standalone|single|replica|alpine|oss|ce|enterprise|community|community-server)$/;
/** A team's own image of a database: `accounts-db`, `sentry-redis`; not what copies to one: `couchdb-to-postgresql`. */
const OWN_DATABASE =
  /(?<!(?:^|[-_])(?:to|for|from))[-_](db|database|postgres|postgresql|mysql|mariadb|mongo|mongodb|redis|rabbitmq|kafka|zookeeper|etcd|cassandra|elasticsearch)$/;

/** The name of an image that is known to hold state; undefined for any other. */
export function statefulImage(image: string | undefined): string | undefined {
  const name = imageName(image).toLowerCase();
  const vendor = /(?:^|\/)(mssql|couchbase)\/(?:rhel\/)?server/.exec(image ?? '')?.[1];
  if (vendor !== undefined) return `${vendor}/server`;
  if (isHelper({ name, image })) return undefined;
  const known = STATEFUL_IMAGES.has(name) || STATEFUL_IMAGES.has(name.replace(VARIANT, '')) || OWN_DATABASE.test(name);
  return known ? name : undefined;
}

/** How a volume limits where pods can run. `unknown`: a claim whose access modes are not in the input. */
export type Access = 'pod' | 'node' | 'shared' | 'unknown';

export interface HeldVolume {
  /** For example `claim "files"`. */
  what: string;
  access: Access;
  /** The index in `spec.volumes`. */
  index: number;
  /** The name of its claim, if it has one. */
  claim?: string;
  /** Why a second pod can use it although its access mode promises otherwise, in words. */
  letsSecondPodIn?: string;
}

export interface State {
  /** Why the workload holds state, in words; undefined if nothing shows that it does. */
  reason: string | undefined;
  /** An image of it is known to hold state. */
  byImage: boolean;
  /** It runs such an image without a volume that outlives the pod. */
  isInPod: boolean;
  /** Volumes that keep data, of a claim or of a node; those of claim templates are not among them. */
  volumes: HeldVolume[];
}

const Volumes = z.array(
  z.looseObject({
    name: z.string(),
    persistentVolumeClaim: z.looseObject({ claimName: z.string(), readOnly: z.boolean().optional() }).optional(),
    hostPath: z.looseObject({ path: z.string(), type: z.string().optional() }).optional(),
  }),
);
const Mounts = z.array(z.looseObject({ name: z.string(), readOnly: z.boolean().optional() }));
/** Volume types of one disk, which attaches to one node. */
const DISKS = [
  'awsElasticBlockStore',
  'gcePersistentDisk',
  'azureDisk',
  'cinder',
  'iscsi',
  'fc',
  'rbd',
  'vsphereVolume',
];
const SHARED = ['nfs', 'cephfs', 'glusterfs', 'azureFile'];
/** What pods mount from their node to observe it. */
const NODES_OWN_PATH =
  /^\/(var\/run|run|dev|sys|proc|etc|var\/log|usr|lib|var\/lib\/(docker|kubelet|containerd|cni))(\/|$)|^\/$/;

/** Finds claims of the workload's namespace, and their volumes, in the input. */
export interface Claims {
  claimOf(name: string): { value: ClaimObject } | undefined;
  volumeFor(claim: ClaimObject): VolumeObject | undefined;
}

export function stateOf({ kind, spec }: WorkloadObject, claims: Claims): State {
  const pod = spec.template.spec;
  const image = pod.containers
    .map(({ name, image }) => statefulImage(image) ?? (STATEFUL_IMAGES.has(name) ? name : undefined))
    .find((name) => name !== undefined);
  const volumes = volumesOf(pod, claims);
  const templates =
    kind === 'StatefulSet' && Array.isArray(spec.volumeClaimTemplates) && spec.volumeClaimTemplates.length > 0;
  const reason =
    volumes[0]?.what ?? (templates ? 'a claim template' : image === undefined ? undefined : `it runs ${image}`);
  const isInPod = image !== undefined && !templates && onlyEphemeral(pod.volumes);
  return { reason, byImage: image !== undefined, isInPod, volumes };
}

/** The names of the claims that a workload's pods mount. */
export function claimsOf({ spec }: WorkloadObject): string[] {
  const volumes = Volumes.safeParse(spec.template.spec.volumes).data ?? [];
  return volumes.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []);
}

function volumesOf(pod: WorkloadObject['spec']['template']['spec'], claims: Claims): HeldVolume[] {
  const writable = writableMounts(pod.containers);
  return (Volumes.safeParse(pod.volumes).data ?? []).flatMap((volume, index): HeldVolume[] => {
    const { name, persistentVolumeClaim: claim, hostPath } = volume;
    if (!writable.has(name)) return [];
    if (claim) {
      const held = claim.readOnly ? undefined : heldBy(claims.claimOf(claim.claimName)?.value, claims);
      return held ? [{ what: `claim "${claim.claimName}"`, claim: claim.claimName, index, ...held }] : [];
    }
    if (hostPath) {
      const isData = [undefined, '', 'Directory', 'DirectoryOrCreate'].includes(hostPath.type);
      return isData && !NODES_OWN_PATH.test(hostPath.path)
        ? [{ what: `the node's folder ${hostPath.path}`, access: 'shared', index }]
        : [];
    }
    if (DISKS.some((type) => type in volume)) return [{ what: `the disk "${name}"`, access: 'node', index }];
    return SHARED.some((type) => type in volume) ? [{ what: `the volume "${name}"`, access: 'shared', index }] : [];
  });
}

const EPHEMERAL = ['emptyDir', 'configMap', 'secret', 'projected', 'downwardAPI', 'ephemeral'];

function onlyEphemeral(volumes: unknown): boolean {
  return (Volumes.safeParse(volumes).data ?? []).every((volume) => EPHEMERAL.some((type) => type in volume));
}

/** The names of volumes that a container mounts so that it can write. */
function writableMounts(containers: WorkloadObject['spec']['template']['spec']['containers']): Set<string> {
  const mounts = containers.flatMap(({ volumeMounts }) => Mounts.safeParse(volumeMounts).data ?? []);
  return new Set(mounts.filter(({ readOnly }) => !readOnly).map(({ name }) => name));
}

/** Undefined if it can only be read. */
function heldBy(
  claim: ClaimObject | undefined,
  { volumeFor }: Claims,
): Pick<HeldVolume, 'access' | 'letsSecondPodIn'> | undefined {
  const access = accessOf(claim);
  if (access === 'read') return undefined;
  const why = claim && access === 'node' ? letsSecondPodIn(claim, volumeFor(claim)) : undefined;
  return why === undefined ? { access } : { access: 'shared', letsSecondPodIn: why };
}

/** The least restrictive of a claim's access modes counts: a volume may be used in any one of them. */
function accessOf(claim: ClaimObject | undefined): Access | 'read' {
  const modes = claim?.spec.accessModes ?? [];
  if (modes.includes('ReadWriteMany')) return 'shared';
  if (modes.includes('ReadWriteOnce')) return 'node';
  if (modes.includes('ReadWriteOncePod')) return 'pod';
  return modes.includes('ReadOnlyMany') ? 'read' : 'unknown';
}
