/** Rules about load balancers that a manifest names, and about DNS: they send to a terminating pod for longer. */
import { balancersOf, dnsRouterOf, type Router } from '../balancers.ts';
import { lessBesideLongerGaps, type Problem, type Rule } from '../rule.ts';
import { sleepPatch, stayOf } from '../staying.ts';
import type { Context, Workload } from '../workload.ts';

const SLEEP_30 = `kind: Deployment
spec:
  template:
    spec:
      # Longer than the sleep, by the time that the app needs to finish.
      terminationGracePeriodSeconds: 45
      containers:
        - name: app
          lifecycle:
            preStop:
              sleep:
                seconds: 30`;

export const LOAD_BALANCER_RULES: readonly Rule[] = [
  {
    id: 'load-balancer-outlasts-prestop',
    title: 'a preStop hook shorter than the load balancer takes to deregister the pod',
    severity: 'warning',
    judges: 'gaps',
    cause: 'routing-lag',
    explanation:
      "A load balancer that sends to pods directly learns of a pod's end from its controller, through the cloud's API, later than kube-proxy. The pod must accept connections until then. The rule asks for these sleeps. AWS (target-type ip of an ALB or NLB): as long as deregistration_delay.timeout_seconds, or 30 s if that is left at its default of 300 s. Google (container-native load balancing, network endpoint groups): at least 15 s, and the patch writes 40 s. Azure (Application Gateway Ingress Controller): 90 s. It leaves out load balancers that send to nodes, because kube-proxy then chooses the pod. For a workload of one pod it is an info.",
    documented:
      '"Target group attributes" of Elastic Load Balancing; "502 503 errors on external HTTP(S) Load Balancer" in the knowledge base of Google Cloud, which counts two health checks of 5 s and whose example sleeps 40 s; "Minimizing downtime during deployments" of the Application Gateway Ingress Controller.',
    fix: SLEEP_30,
    evaluate: (workload, context) =>
      balancersOf(context).flatMap((router) => tooShortFor(router, workload, context).slice(0, 1)),
  },
  {
    id: 'headless-service-keeps-addresses',
    title: 'a preStop hook shorter than DNS answers of a headless Service live',
    severity: 'warning',
    judges: 'gaps',
    cause: 'routing-lag',
    explanation:
      'A headless Service (clusterIP None) has no router. Clients look up the addresses of its pods, and keep them for the ttl of the answer: 30 s in the CoreDNS configuration that kubeadm writes. Some keep them for longer, until a connection fails. A pod must accept connections for that long after it has left DNS. The rule says nothing if another Service with a cluster IP selects the pods, and for a StatefulSet, whose pods are addressed one by one.',
    documented: 'The Corefile that kubeadm writes (cmd/kubeadm/app/phases/addons/dns in Kubernetes 1.34).',
    fix: SLEEP_30,
    evaluate(workload, context) {
      const router = dnsRouterOf(workload, context);
      return router ? tooShortFor(router, workload, context) : [];
    },
  },
  {
    id: 'target-group-without-readiness-gate',
    title: 'an AWS target group without a pod readiness gate',
    severity: 'info',
    judges: 'gaps',
    cause: 'not-ready',
    explanation:
      "With target-type ip, a new pod gets requests from the load balancer only once its target is healthy, which takes some health checks longer than the pod's own readiness. Without a readiness gate, the rollout deletes old pods before that. The AWS Load Balancer Controller adds the gate to each pod of a namespace with the label elbv2.k8s.aws/pod-readiness-gate-inject: enabled; a manifest of the workload alone does not show it.",
    fix: `apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    elbv2.k8s.aws/pod-readiness-gate-inject: enabled`,
    evaluate({ object, name }, context) {
      const router = balancersOf(context).find(({ name }) => name.startsWith('the AWS target group'));
      if (!router || object.value.spec.template.spec.readinessGates !== undefined) return [];
      const message = `${name}: ${router.name} has no readiness gate in this manifest: a rollout may delete old pods before new targets are healthy; label the namespace elbv2.k8s.aws/pod-readiness-gate-inject: enabled`;
      return [{ place: { object, path: ['spec', 'template', 'spec', 'readinessGates'] }, message }];
    },
  },
];

/** Containers with a hook; another rule reports one that is missing, with the same length. */
function tooShortFor(router: Router, workload: Workload, context: Context): Problem[] {
  return workload.containers.flatMap((target): Problem[] => {
    const { container, path, serves } = target;
    const stay = stayOf(container, context.options.drainDelaySeconds);
    if (!serves || !stay.isKnown || stay.quits !== undefined || stay.atLeastSeconds >= router.seconds) return [];
    if (!container.lifecycle?.preStop && stay.atLeastSeconds === 0) return [];
    const message = `${workload.name}: container "${container.name}" stays in service for ${stay.atLeastSeconds} s after its deletion, but ${router.name} may send to it for longer: ${router.reason}; write a preStop sleep of ${router.advisedSeconds} s`;
    const place = { object: workload.object, path: [...path, 'lifecycle', 'preStop'] };
    const patch = sleepPatch(workload, target, router.advisedSeconds, context.options);
    return [{ place, message, ...lessBesideLongerGaps(workload, context), patch }];
  });
}
