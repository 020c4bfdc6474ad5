import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { podWithDefaults, serviceWithDefaults } from '../../src/kubernetes-rules/defaults.ts';
import { askedByPreStop, needsWrittenPorts, podPorts } from '../../src/kubernetes-rules/ports.ts';
import type * as Written from '../../src/kubernetes-rules/written-objects.ts';

type Container = Written.Container;

const APP: Container = { name: 'app', ports: [{ name: 'http', containerPort: 8080 }] };
const PROXY: Container = { name: 'proxy', ports: [{ name: 'mesh', containerPort: 15001 }, { containerPort: 15020 }] };

const pod = (containers: Container[], initContainers: Container[] = []) =>
  podWithDefaults({ containers, initContainers });
const service = (targetPort: number | string) =>
  serviceWithDefaults({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { ports: [{ port: 80, targetPort }] },
  });

describe("a pod's ports", () => {
  const table: [
    what: string,
    containers: Container[],
    inits: Container[],
    target: number | string,
    expected: object,
  ][] = [
    ['by name', [APP], [], 'http', { served: 8080, servedBy: 'app', others: [] }],
    ['of the second container', [APP, PROXY], [], 15001, { served: 15001, servedBy: 'proxy', others: [8080, 15020] }],
    [
      'of a native sidecar',
      [APP],
      [{ ...PROXY, restartPolicy: 'Always' }],
      'mesh',
      { served: 15001, servedBy: 'proxy', others: [8080, 15020] },
    ],
    ['never of another init container', [APP], [PROXY], 15001, { served: 15001, servedBy: 'app', others: [8080] }],
    ['that nobody declares: the first container', [APP], [], 99, { served: 99, servedBy: 'app', others: [8080] }],
    [
      'of probes and hooks',
      [
        {
          ...APP,
          livenessProbe: { grpc: { port: 9000 } },
          readinessProbe: { tcpSocket: { port: 9001 } },
          lifecycle: { postStart: { httpGet: { port: 9002 } }, preStop: { httpGet: { port: 9003 } } },
        },
      ],
      [],
      8080,
      { served: 8080, servedBy: 'app', others: [9001, 9000, 9003, 9002] },
    ],
  ];
  for (const [what, containers, inits, target, expected] of table) {
    test(what, () => assert.deepEqual(podPorts(pod(containers, inits), service(target)), expected));
  }
});

describe('a preStop hook asks', () => {
  const asking = (port: number | string): Container => ({ ...APP, lifecycle: { preStop: { httpGet: { port } } } });
  const table: [what: string, container: Container, asked: string | undefined][] = [
    ['the container that declares the port', asking(15020), 'proxy'],
    ['its own container', asking('http'), undefined],
    ['no container, if none declares the port', asking(99), undefined],
    ['no container by the name of its port', asking('mesh'), undefined],
    ['no container without httpGet', APP, undefined],
  ];
  for (const [what, container, asked] of table) {
    test(what, () => {
      const [first, ...others] = pod([container, PROXY]).containers;
      assert.equal(askedByPreStop(first, [first, ...others]), asked);
    });
  }
});

describe('a container needs the ports of the manifest', () => {
  const exec = (...command: string[]): Container => ({ ...APP, livenessProbe: { exec: { command } } });
  const table: [what: string, container: Container, needs: boolean][] = [
    ['without probes and hooks', APP, false],
    ['with probes of the served port', { ...APP, readinessProbe: { tcpSocket: { port: 'http' } } }, false],
    ['with a probe of another port', { ...APP, readinessProbe: { grpc: { port: 9000 } } }, true],
    ['with a hook on another port', { ...APP, lifecycle: { preStop: { httpGet: { port: 9000 } } } }, true],
    ['with a command that names its port', exec('curl', '-f', 'http://localhost:8080/health'), true],
    ['with a command that names no port', exec('sh', '-c', 'sleep 80; cat /tmp/18080'), false],
  ];
  for (const [what, container, needs] of table) {
    test(`${what}: ${needs}`, () => assert.equal(needsWrittenPorts(pod([container]).containers[0], 8080), needs));
  }
});
