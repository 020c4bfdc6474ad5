/** Containers that are known by name or image: proxies, which requests pass through, and helpers, which serve none. */
import { imageName } from './images.ts';

interface Named {
  name: string;
  image?: string | undefined;
  args?: readonly string[] | undefined;
  command?: readonly string[] | undefined;
  env?: readonly { name: string; value?: string | undefined }[] | undefined;
}

/** Proxies between the app and its clients or servers. Without them the app cannot answer. */
const PROXIES =
  /^(istio-proxy|proxyv2|linkerd-proxy|envoy(-\w+)?|envoy-proxy|consul-dataplane|kuma-sidecar|kuma-dp|cilium-envoy|daprd|dapr|cloud-?sql-proxy|cloud_sql_proxy|cloudsql-proxy|gce-proxy|alloydb-auth-proxy|pgbouncer|odyssey|twemproxy|nutcracker|mcrouter|oauth2-proxy|haproxy|nginx|nginx-unprivileged|openresty|traefik|caddy|sql-?proxy|ambassador|proxysql)$/;
/** The images of those proxies whose last path component says nothing: `cr.l5d.io/linkerd/proxy`. */
const PROXY_PATHS =
  /(linkerd2?\/proxy|istio\/proxyv2|cloud-sql-connectors\/cloud-sql-proxy|cloudsql-docker\/gce-proxy)([:@]|$)/;

/** Names of parts that may also be a team's own front end: `shop-ui`, `web-client`. They count only beside another container. */
const HELPER_PARTS =
  /(^|[-_])(reloader|reload|operator|backup|rotate|logrotate|syncer|sync|agent|init|migrate|migration|ui|gui|admin|client|commander|express|insight|controller|adapter|provisioner|registrar|attacher|resizer|snapshotter|benchmark|tester|test)$/;
/** Collectors, exporters, reloaders, agents. The app answers without them. */
const HELPERS =
  /((^|[-_])(exporter|metrics|collector)$)|^(fluent-?bit|fluentd|filebeat|promtail|vector|telegraf|logstash|jaeger-agent|otc-container|opentelemetry-collector|otel-collector|node-exporter|git-sync|busybox|config-reloader|prometheus-config-reloader|configmap-reload|kube-rbac-proxy|vault-agent|datadog-agent|newrelic-infrastructure|livenessprobe|k8s-sidecar|aws-xray-daemon|cloudwatch-agent|statsd-exporter|shutdown-manager|phpmyadmin|adminer|pgadmin4?|kafdrop|akhq|mongo-express|redis-commander)/;

/** Whether requests to or from the app pass through this container. */
export function isProxy({ name, image }: Named): boolean {
  return PROXIES.test(name) || PROXIES.test(imageName(image)) || PROXY_PATHS.test(image ?? '');
}

/** Whether the app can answer without this container, which is one of several of its pod. */
export function isHelper(container: Named): boolean {
  return isKnownHelper(container) || isNamed(HELPER_PARTS, container);
}

/** Whether its name alone says that it serves none of the app's requests. */
export function isKnownHelper(container: Named): boolean {
  return isNamed(HELPERS, container);
}

function isNamed(names: RegExp, { name, image }: Named): boolean {
  return names.test(name) || names.test(imageName(image).toLowerCase());
}

/** Proxies to a database that close its connections at SIGTERM, unless an option makes them wait. */
const DATABASE_PROXIES = /^(cloud-?sql-proxy|cloud_sql_proxy|gce-proxy|alloydb-auth-proxy)$/;

/** Whether it is known to cut the app's database connections at SIGTERM. Source: the options of these proxies. */
export function cutsAtOnce(container: Named): boolean {
  const isOne = DATABASE_PROXIES.test(container.name) || DATABASE_PROXIES.test(imageName(container.image));
  return isOne && proxyStaysSeconds(container) === 0;
}

/** What istio-proxy drains for after SIGTERM by default (terminationDrainDuration of Istio's ProxyConfig). */
const ISTIO_DRAIN_SECONDS = 5;

/**
 * How long a proxy keeps working after SIGTERM by its own settings, in seconds; undefined if an option says so but not
 * for how long. Sources: Istio's ProxyConfig reference, and the options of cloud-sql-proxy 1 and 2.
 */
export function proxyStaysSeconds({ name, image, args = [], command = [], env = [] }: Named): number | undefined {
  const isIstio = name === 'istio-proxy' || imageName(image) === 'proxyv2';
  if (isIstio && env.some((entry) => entry.name === 'EXIT_ON_ZERO_ACTIVE_CONNECTIONS')) return undefined;
  if (isIstio) return ISTIO_DRAIN_SECONDS;
  const option = [...command, ...args].find((word) => /^--?(term_timeout|max-sigterm-delay)\b/.test(word));
  if (option === undefined) return 0;
  const [, number, unit = 's'] = /=(\d+)(s|m)?$/.exec(option) ?? [];
  return number === undefined ? undefined : Number(number) * (unit === 'm' ? 60 : 1);
}
