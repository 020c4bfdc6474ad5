/** Rules about the Services that send to a workload. */
import { lessBesideLongerGaps, type Rule } from '../rule.ts';
import { SHORTEST_STAY_SECONDS, stayOf } from '../staying.ts';

export const SERVICE_RULES: readonly Rule[] = [
  {
    id: 'publish-not-ready-addresses',
    title: 'a Service that ignores readiness',
    severity: 'warning',
    judges: 'gaps',
    cause: 'not-ready',
    explanation:
      'With publishNotReadyAddresses, the endpoints of all pods count as ready. New pods get requests before their readiness probe succeeds, and terminating pods get them until they are gone, so neither the probe nor the preStop hook helps. The field is meant for the discovery of peers: a headless Service of a StatefulSet, or one beside the Service that clients use. For those, the rule says nothing.',
    fix: `kind: Service
spec:
  publishNotReadyAddresses: false`,
    evaluate({ name, object, containers }, { services }) {
      if (!containers.some(({ serves }) => serves)) return [];
      const isForPeers = (clusterIP: unknown) =>
        clusterIP === 'None' &&
        (object.value.kind === 'StatefulSet' || services.some(({ value }) => value.spec.clusterIP !== 'None'));
      return services
        .filter(({ value }) => value.spec.publishNotReadyAddresses === true && !isForPeers(value.spec.clusterIP))
        .map((service) => ({
          place: { object: service, path: ['spec', 'publishNotReadyAddresses'] },
          message: `Service "${service.value.metadata.name}": publishNotReadyAddresses sends requests to pods of ${name} that are not ready yet or are terminating; write publishNotReadyAddresses: false`,
          patch: { spec: { publishNotReadyAddresses: false } },
        }));
    },
  },
  {
    id: 'session-affinity-pins-dying-pod',
    title: 'session affinity that pins clients to a terminating pod',
    severity: 'warning',
    judges: 'gaps',
    cause: 'routing-lag',
    explanation:
      'With sessionAffinity ClientIP, a router sends every connection of a client to the same pod for as long as it knows that pod. Until the router learns that the pod is terminating, such a client loses all of its new connections and not just some of them, unless the pod keeps serving that long.',
    fix: `kind: Service
spec:
  sessionAffinity: None`,
    evaluate(workload, context) {
      const { name, containers } = workload;
      const { services, options } = context;
      const leavesEarly = containers.some(({ container, serves }) => {
        const stay = stayOf(container, options.drainDelaySeconds);
        return serves && stay.isKnown && stay.atLeastSeconds < SHORTEST_STAY_SECONDS;
      });
      if (!leavesEarly) return [];
      return services
        .filter(({ value }) => value.spec.sessionAffinity === 'ClientIP')
        .map((service) => ({
          place: { object: service, path: ['spec', 'sessionAffinity'] },
          message: `Service "${service.value.metadata.name}": sessionAffinity ClientIP keeps sending a client to a terminating pod of ${name} until the routers know; give the pod a preStop sleep, or write sessionAffinity: None if the app does not need it`,
          ...lessBesideLongerGaps(workload, context),
        }));
    },
  },
  {
    id: 'external-traffic-policy-local',
    title: 'a load balancer that sends only to nodes with a pod',
    severity: 'info',
    judges: 'gaps',
    cause: 'routing-lag',
    explanation:
      'With externalTrafficPolicy Local, an external load balancer uses its own health checks to find the nodes that have a pod. When the last pod of a node terminates, the load balancer notices only after some failed checks, often 10 to 30 s later. The preStop sleep must be longer than that.',
    fix: `kind: Service
spec:
  externalTrafficPolicy: Cluster`,
    evaluate: ({ name }, { services }) =>
      services
        .filter(({ value }) => value.spec.externalTrafficPolicy === 'Local')
        .map((service) => ({
          place: { object: service, path: ['spec', 'externalTrafficPolicy'] },
          message: `Service "${service.value.metadata.name}": externalTrafficPolicy Local: the preStop sleep of ${name} must outlast the load balancer's health checks (interval x failures); or write externalTrafficPolicy: Cluster`,
        })),
  },
];
