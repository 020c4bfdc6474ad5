/** Manifests with values of the right type that no API server accepts, or that look like something else. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the text of other languages
import { manifestText } from '../test/manifests/manifest-text.ts';
import type { Hostile } from './manifest-inputs.ts';

const POD = 'spec.template.spec';
const APP = `${POD}.containers[0]`;

export function strangeValues(): Hostile[] {
  const numbers = [0, -1, 1, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 53, 2 ** 63, 1e308];
  const limits = [
    '100%%',
    '%',
    '1%',
    '-5%',
    '101%',
    '1e9%',
    ' 5%',
    '5 %',
    '٣%',
    '0x10%',
    '99999999999999999999%',
    '1.5%',
    'all',
    '-1',
    '',
    0,
    -1,
    2147483648,
  ];
  const names = [
    '',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '../..',
    'a/b',
    'A B',
    '-',
    "'",
    '$(PORT)',
    '${x}',
    'x'.repeat(300),
  ];
  const change = (changes: Record<string, unknown>) => ({
    what: JSON.stringify(changes).slice(0, 90),
    text: manifestText({ deployment: changes }),
  });
  const service = (changes: Record<string, unknown>) => ({
    what: `Service ${JSON.stringify(changes).slice(0, 90)}`,
    text: manifestText({ service: changes }),
  });
  const ports = [-1, 0, 70_000, 65_536, '', 'x', '8080', '__proto__', 'toString'];
  return [
    ...[
      'spec.replicas',
      'spec.minReadySeconds',
      'spec.progressDeadlineSeconds',
      `${POD}.terminationGracePeriodSeconds`,
      `${APP}.lifecycle.preStop.sleep.seconds`,
    ].flatMap((field) => numbers.map((value) => change({ [field]: value }))),
    ...limits.map((value) => change({ 'spec.strategy.rollingUpdate.maxUnavailable': value })),
    ...limits.map((value) => change({ 'spec.strategy.rollingUpdate': { maxSurge: value, maxUnavailable: value } })),
    ...limits.map((value) => change({ kind: 'DaemonSet', 'spec.updateStrategy.rollingUpdate.maxUnavailable': value })),
    ...limits.map((value) =>
      change({ kind: 'StatefulSet', 'spec.updateStrategy.rollingUpdate.maxUnavailable': value }),
    ),
    ...limits.map((value) => ({
      what: `a budget of ${value}`,
      text: manifestText({
        more: [
          {
            apiVersion: 'policy/v1',
            kind: 'PodDisruptionBudget',
            metadata: { name: 'b' },
            spec: { minAvailable: value, selector: { matchLabels: { app: 'shop' } } },
          },
        ],
      }),
    })),
    ...names.flatMap((value) => [
      change({ 'metadata.name': value }),
      change({ [`${APP}.name`]: value }),
      change({ [`${APP}.command`]: [value, 'x'] }),
      change({ [`${APP}.image`]: value }),
      change({ 'spec.strategy.type': value }),
      change({ [`${POD}.os.name`]: value, [`${APP}.lifecycle.stopSignal`]: value }),
      change({ 'spec.selector.matchExpressions': [{ key: value, operator: 'Exists' }] }),
      change({ 'spec.selector.matchExpressions': [{ key: 'a', operator: value, values: [value] }] }),
      service({ 'metadata.name': value }),
      service({ 'spec.selector': JSON.parse(`{${JSON.stringify(value)}: "x"}`) }),
    ]),
    ...ports.flatMap((value) => [
      service({ 'spec.ports[0].targetPort': value }),
      change({ [`${APP}.readinessProbe.httpGet.port`]: value }),
      change({ [`${APP}.lifecycle.preStop.httpGet.port`]: value }),
      ...(typeof value === 'number'
        ? [change({ [`${APP}.ports[0].containerPort`]: value }), service({ 'spec.ports[0].port': value })]
        : []),
    ]),
    ...['__proto__', 'constructor'].map((key) => ({
      what: `a field ${key}`,
      text: manifestText()
        .replaceAll('metadata:', `${key}: {polluted: true, toString: x}\nmetadata:`)
        .replaceAll('name: shop', `name: shop\n  ${key}: {polluted: true}`),
    })),
  ];
}
