/** Manifests and a server for tests of the engine, small enough to read next to the test. */
import { type Manifests, readManifests } from '../../src/manifests/manifests.ts';

export interface Shape {
  kind?: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  /** The Service has no cluster IP. */
  headless?: boolean;
  replicas?: number;
  strategy?: string;
  graceSeconds?: number;
  preStop?: string;
  readiness?: string;
  minReadySeconds?: number;
  progressDeadlineSeconds?: number;
  updateStrategy?: string;
  podManagementPolicy?: string;
  /** The spec of a PodDisruptionBudget for its pods. */
  budget?: string;
}

const READY = '{ httpGet: { path: /readyz, port: http }, periodSeconds: 1 }';

/** A workload and its Service; fields that are not given have the API's defaults. */
export function manifests(shape: Shape = {}): Manifests {
  const optional = (name: string, value: unknown) => (value === undefined ? '' : `${name}: ${value}`);
  return readManifests(
    `
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: http }]${shape.headless ? ', clusterIP: None' : ''} }
---
apiVersion: apps/v1
kind: ${shape.kind ?? 'Deployment'}
metadata: { name: web }
spec:
  ${shape.kind === 'DaemonSet' ? '' : `replicas: ${shape.replicas ?? 1}`}
  ${optional('strategy', shape.strategy)}
  ${optional('minReadySeconds', shape.minReadySeconds)}
  ${optional('progressDeadlineSeconds', shape.progressDeadlineSeconds)}
  ${optional('updateStrategy', shape.updateStrategy)}
  ${optional('podManagementPolicy', shape.podManagementPolicy)}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      ${optional('terminationGracePeriodSeconds', shape.graceSeconds)}
      containers:
        - name: web
          ports: [{ name: http, containerPort: 8080 }]
          readinessProbe: ${shape.readiness ?? READY}
          ${shape.preStop === undefined ? '' : `lifecycle: { preStop: ${shape.preStop} }`}
          env: [{ name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }]
${shape.budget === undefined ? '' : budget(shape.budget)}`,
    'test',
  );
}

const budget = (spec: string) => `---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web }
spec: { selector: { matchLabels: { app: web } }, ${spec} }
`;

/** The common part of every test server: it responds, and logs its lifecycle. */
const SERVER = `
const http = require('node:http');
const say = (event) => console.log(JSON.stringify({ event, wallMs: Date.now() }));
const server = http.createServer((req, res) => {
  if (req.url === '/hook') say('hook');
  if (req.url === '/crash') process.exit(7);
  res.end(process.env.POD_NAME);
}).listen(Number(process.env.PORT), process.env.HOST, () => say('listening'));
`;

/** A server that runs `onSigterm` (JavaScript) on SIGTERM; without it, the server has no handler. */
export function serverCommand(onSigterm?: string): string[] {
  const handler = onSigterm === undefined ? '' : `process.on('SIGTERM', () => { say('sigterm'); ${onSigterm} });`;
  return [process.execPath, '-e', SERVER + handler];
}

/** Exits immediately. */
export const PROMPT = 'process.exit(0);';
