/**
 * Whether a port of a Service is meant for HTTP requests, from what the manifest says about it. Requests to a database
 * or to a page of metrics do not show what users see of a rollout.
 */
import type { Service } from '../kubernetes-rules/written-objects.ts';

type ServicePort = NonNullable<Service['spec']['ports']>[number];

/** Ports of well-known servers that do not speak HTTP. Source: IANA's registry and the servers' documentation. */
const OTHER_PORTS = new Set([
  ...[21, 22, 25, 53, 110, 143, 389, 465, 587, 636, 993, 995], // FTP, SSH, mail, DNS, LDAP
  ...[1433, 1521, 3306, 5432, 5433, 6432, 26257, 27017, 27018], // SQL Server, Oracle, MySQL, PostgreSQL, CockroachDB, MongoDB
  ...[6379, 26379, 11211], // Redis, its Sentinel, Memcached
  ...[9092, 2181, 2888, 3888], // Kafka, ZooKeeper
  ...[5671, 5672, 4369, 25672, 1883, 8883, 4222, 6222, 61616, 6650], // RabbitMQ, MQTT, NATS, ActiveMQ, Pulsar
  ...[9042, 9160, 7687, 9300, 2379, 2380], // Cassandra, Neo4j's Bolt, Elasticsearch's transport, etcd
]);

/** The first word of a port's name, as in `postgres` and `tcp-postgres`. */
const OTHER_NAMES =
  /^(tcp-)?(mongo|mongodb|mysql|mariadb|postgres|postgresql|pgsql|redis|sentinel|memcached?|kafka|zookeeper|amqps?|rabbitmq|mqtts?|nats|smtps?|imaps?|ldaps?|ssh|s?ftp|dns|cql|bolt|gossip)(-|$)/;
const SIDE_NAMES =
  /(^|-)(metrics?|prom|prometheus|monitoring|admin|management|health|healthz|probes?|debug|pprof|jmx|profiling)(-|$)/;
const HTTP_NAMES = /^(http|web|http1|www)(-|$)/;
const TLS_OR_GRPC_NAMES = /^(https|grpcs?|grpc-web|wss|tls|http2|h2c?)(-|$)/;
const USUAL_PORTS = new Set([80, 8080, 8000, 3000, 5000]);

/**
 * How likely users send plain HTTP requests to this port: 4 it is said so, 3 the port is usual for it, 2 nothing is said,
 * 1 it speaks TLS or gRPC, 0 it is for operators (metrics), −1 it speaks another protocol.
 */
export function httpRank({ name = '', port, protocol = 'TCP', appProtocol, targetPort }: ServicePort): number {
  if (protocol !== 'TCP') return -1;
  const target = typeof targetPort === 'string' ? targetPort : '';
  const names = [typeof appProtocol === 'string' ? appProtocol : '', name, target];
  if (names.some((text) => OTHER_NAMES.test(text))) return -1;
  if (names.some((text) => SIDE_NAMES.test(text))) return 0;
  if (names.some((text) => HTTP_NAMES.test(text) || text === 'kubernetes.io/ws')) return 4;
  if (names.some((text) => TLS_OR_GRPC_NAMES.test(text))) return 1;
  if (OTHER_PORTS.has(port) || (typeof targetPort === 'number' && OTHER_PORTS.has(targetPort))) return -1;
  return USUAL_PORTS.has(port) ? 3 : 2;
}
