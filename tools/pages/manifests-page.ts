/** docs/manifests.md: what `run` takes, and what becomes of each field on the local cluster. */
import { shortestName } from '../../src/clusters/local/fields/field-names.ts';
import { FIELDS } from '../../src/clusters/local/fields/field-report.ts';
import { KINDS } from '../../src/clusters/local/fields/kinds.ts';
import { type Exception, type FieldTree, type Outcome, Policy } from '../../src/clusters/local/fields/policy.ts';
import { GENERATED, paragraphs } from './markdown.ts';

const INTRODUCTION = `\`run\` rolls out your own manifests on this machine:

\`\`\`sh
k8s-rollout-test run -k deploy/overlays/prod -- node server.js
k8s-rollout-test run -f deployment.yaml -f service.yaml -- node server.js
helm template chart | k8s-rollout-test run -f - --deployment web -- node server.js
kubectl get deploy,svc -o yaml | k8s-rollout-test run -f - --deployment web -- node server.js
k8s-rollout-test run -k deploy/overlays/prod --dry-run
\`\`\`

\`-f\` takes a file, a folder (its .json, .yaml and .yml files, not those in folders below) or \`-\` for standard input. It can be repeated and combined with \`-k\`. If an object is written twice, the last one counts, as with \`kubectl apply\`. \`--dry-run\` prints what would be run and what becomes of each field; with \`--json\` as data. Its exit code is 0, or 2 if a run would refuse the input.`;

const SELECTION = `One workload is rolled out, behind one Service of its namespace. With several workloads, name one with \`--deployment\`, \`--statefulset\` or \`--daemonset\`, and \`--namespace\` if two have the same name. Without these flags, \`run\` takes the only one that an Ingress or a route (HTTPRoute, GRPCRoute, VirtualService, IngressRoute, HTTPProxy, Route of OpenShift) leads to; else the only one behind a Service of type LoadBalancer or NodePort; else the only one with a Service for HTTP. If several are left, it takes the only one that no other workload calls: the environment, arguments and ConfigMaps of the others do not have its Service as a host. Otherwise it lists the candidates. A note says what was chosen and why.

With several Services, name one with \`--service\`. Without it, \`run\` takes the one behind a route, else the one whose port is the likeliest for HTTP, by its name and number, else the only one with a cluster IP. Services that lead to the same port in the same way count as one. Requests are sent to the port that a route names, else to the first port for HTTP.

A workload without a Service gets no requests. \`--assume Service\` measures as if a Service selected its pods, and \`--assume Service=PORT\` names the port of the pods.`;

const POLICY = `Each field of the Kubernetes API has one policy. A field that is **carried out** acts as on a real cluster. A field with **no effect** cannot change how many requests a rollout breaks here. A field that is **refused** could change the result and is not carried out; all refused fields are named at once. A field that the API does not have is refused too, as \`kubectl\` refuses it; \`--assume unknown-fields\` drops all of these, as an API server does for other clients.

\`--assume FIELD\` measures as if a refused field were absent, \`--assume FIELD=VALUE\` as if it had that value. FIELD is the path of the field or the end of it, without indices, as the table writes it. What was assumed stands beside the verdict in every report.`;

export function manifestsPage(): string {
  return paragraphs([
    '# Manifests',
    GENERATED,
    INTRODUCTION,
    '## Which workload and which Service',
    SELECTION,
    '## What becomes of each field',
    POLICY,
    ...sections(),
    '## Other objects',
    'An autoscaler with a higher floor than `replicas` sets the number of replicas. Kinds that are not listed belong to programs that do not run here.',
    kindTable(),
  ]);
}

/** The workloads share most fields; each field is listed once. */
function sections(): string[] {
  const { Service, Namespace, ...workloads } = FIELDS;
  const rows = new Map<string, { kinds: string[]; row: Row }>();
  for (const [kind, tree] of Object.entries(workloads)) {
    for (const row of rowsOf(tree)) {
      const known = rows.get(row.path);
      if (known) known.kinds.push(kind);
      else rows.set(row.path, { kinds: [kind], row });
    }
  }
  const all = [...rows.values()];
  const inEach = Object.keys(workloads).length;
  const isPod = ({ path }: Row) => path.startsWith('spec.template.');
  return [
    '### Deployment, StatefulSet, DaemonSet',
    fieldTable(
      all
        .filter(({ row }) => !isPod(row))
        .map(({ kinds, row }) =>
          kinds.length === inEach ? row : { ...row, path: `${row.path} (${kinds.join(', ')})` },
        ),
    ),
    '### Pod template',
    fieldTable(all.flatMap(({ row }) => (isPod(row) ? [row] : []))),
    '### Service',
    fieldTable(rowsOf(Service)),
    '### Namespace of the workload',
    fieldTable(rowsOf(Namespace)),
  ];
}

interface Row {
  path: string;
  outcome: string;
  why: string;
}

function rowsOf(tree: FieldTree, path: readonly string[] = []): Row[] {
  return Object.entries(tree).flatMap(([key, policy]) => {
    const at = [...path, key];
    return policy instanceof Policy ? [rowOf(policy, at)] : rowsOf(policy, at);
  });
}

function rowOf(policy: Policy, path: readonly string[]): Row {
  const { outcome, why = '', exceptions } = policy;
  const name = [policy, ...exceptions].some((one) => one.outcome === 'refused')
    ? [`\`--assume ${shortestName(path, Object.values(FIELDS))}\``]
    : [];
  return {
    path: path.join('.'),
    outcome: [named(outcome), ...exceptions.map((one) => `${one.values}: ${named(one.outcome)}`)].join('; '),
    why: [why, ...exceptions.map(reasonOf), ...name].filter((text) => text !== '').join('; '),
  };
}

function reasonOf({ values, why, outcome }: Exception): string {
  return outcome === 'refused' ? `${values}: ${why}` : '';
}

function named(outcome: Outcome): string {
  return outcome === 'refused' ? '**refused**' : outcome;
}

function fieldTable(rows: readonly Row[]): string {
  const lines = rows.map(({ path, outcome, why }) => `| \`${path}\` | ${outcome} | ${why} |`);
  return ['| field | becomes | why |', '|---|---|---|', ...lines].join('\n');
}

function kindTable(): string {
  const lines = Object.entries(KINDS).map(([kind, { read, why }]) => `| ${kind} | ${read ?? 'nothing'} | ${why} |`);
  return ['| kind | what is read of it | why the rest has no effect |', '|---|---|---|', ...lines].join('\n');
}
