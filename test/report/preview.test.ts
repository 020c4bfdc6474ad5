/** What `run --dry-run` prints. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAssumedField, withAssumptions } from '../../src/clusters/local/fields/assume.ts';
import { fieldReport } from '../../src/clusters/local/fields/field-report.ts';
import type { Manifests } from '../../src/manifests/manifests.ts';
import { parseContainerCommand } from '../../src/own-service/command.ts';
import { serviceOf } from '../../src/own-service/service.ts';
import { leftOut, previewDocument, renderPreview } from '../../src/report/preview.ts';
import { manifests, type Written } from '../manifests/manifest-text.ts';

const POD = 'spec.template.spec';
const EXEC = { file: ['shop.yaml'], exec: [parseContainerCommand('app=node server.js')] };

const previewOf = async (read: Manifests, exec = true) => ({
  manifests: read,
  report: fieldReport(read),
  ...(exec && { service: await serviceOf(read, [], EXEC, {}) }),
});
const written: Written = {
  deployment: {
    [`${POD}.nodeSelector`]: { zone: 'a' },
    [`${POD}.hostNetwork`]: true,
    [`${POD}.containers[0].lifecycle.preStop.sleep.seconds`]: 5,
  },
  more: [{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'shop' } }],
};

describe('the preview says', () => {
  test('what would be run', async () => {
    const text = renderPreview(await previewOf(manifests(written)));
    for (const line of [
      'Deployment "shop" behind Service "shop", port 80, target port http',
      '  3 replicas; RollingUpdate, maxSurge 1, maxUnavailable 0; grace period 30 s',
      '  container app: node server.js; preStop: sleep 5 s; SIGTERM; gets the requests',
      '  200 requests per second: keep-alive GET /, fresh GET /',
    ]) {
      assert.ok(text.split('\n').includes(line), `${line}\n${text}`);
    }
  });
  test('what becomes of each field and object', async () => {
    const text = renderPreview(await previewOf(manifests(written)));
    assert.match(text, /\nCarried out:\n {2}Deployment "shop"\n {4}apiVersion, kind, metadata\.name, spec\.replicas, /);
    assert.match(
      text,
      /\nNo effect here:\n(?:.*\n)* {2}Deployment "shop": placement: .*\n {4}spec\.template\.spec\.nodeSelector\n/,
    );
    assert.match(text, /\nOther objects:\n {2}1 ServiceAccount: no effect \(/);
    assert.match(text, /\nRefused:\n {2}Deployment "shop": .*\.hostNetwork: true .* --assume hostNetwork\n$/);
    assert.ok(text.split('\n').every((line) => line.length < 400));
  });
  test('what is assumed', async () => {
    const assumed = withAssumptions(manifests(written), [parseAssumedField('hostNetwork')]);
    const text = renderPreview(await previewOf(assumed));
    assert.match(text, /\nAssumed:\n {2}spec\.template\.spec\.hostNetwork is left out: pods on one node share /);
    assert.doesNotMatch(text, /Refused/);
  });
  test('which command is missing', async () => {
    const text = renderPreview(await previewOf(manifests(), false));
    assert.match(text, /container app: no command: name one with --exec app="COMMAND"; /);
  });
  test('all of it as data', async () => {
    const document = previewDocument(await previewOf(manifests(written)));
    assert.deepEqual(document.workload, { kind: 'Deployment', name: 'shop', namespace: undefined });
    const network = document.fields.find(({ field }) => field === `${POD}.hostNetwork`);
    assert.deepEqual([network?.outcome, network?.assume], ['refused', 'hostNetwork']);
    assert.equal(document.fields.length, fieldReport(manifests(written)).fields.length);
  });
});

test('one line names the kinds that are left out, and not those that are read', () => {
  const other = (kind: string, apiVersion: string, name = 'a') => ({ apiVersion, kind, metadata: { name } });
  const more = [
    other('ConfigMap', 'v1'),
    other('Role', 'rbac.authorization.k8s.io/v1'),
    other('Role', 'rbac.authorization.k8s.io/v1', 'b'),
    other('Ingress', 'networking.k8s.io/v1'),
  ];
  assert.equal(leftOut(manifests({ more })), 'left out: 2 Role, Ingress (--dry-run says why)');
  assert.equal(leftOut(manifests()), undefined);
});
