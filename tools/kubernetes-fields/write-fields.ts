/**
 * Writes the fields of the kinds that the local cluster carries out to test/fixtures/kubernetes-VERSION-fields.json, from
 * the OpenAPI documents of an API server:
 *
 *   kubectl get --raw /openapi/v3/api/v1 > core.json
 *   kubectl get --raw /openapi/v3/apis/apps/v1 > apps.json
 *   tsx tools/kubernetes-fields/write-fields.ts 1.34.4 core.json apps.json …
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fieldsOf, kindsIn, type OpenApiDocument } from './fields-of.ts';

const SCHEMAS = {
  Deployment: 'io.k8s.api.apps.v1.Deployment',
  StatefulSet: 'io.k8s.api.apps.v1.StatefulSet',
  DaemonSet: 'io.k8s.api.apps.v1.DaemonSet',
  Service: 'io.k8s.api.core.v1.Service',
  Namespace: 'io.k8s.api.core.v1.Namespace',
  /** Of the three workloads, whose own lists leave it out. */
  PodTemplateSpec: 'io.k8s.api.core.v1.PodTemplateSpec',
};

const [version, ...files] = process.argv.slice(2);
if (version === undefined || files.length === 0) {
  console.error('write-fields.ts: pass the version of Kubernetes and the files with its OpenAPI documents');
  process.exit(2);
}
const documents = files.map((file): OpenApiDocument => JSON.parse(readFileSync(file, 'utf8')));
const fields = Object.fromEntries(
  Object.entries(SCHEMAS).map(([kind, name]) => [
    kind,
    fieldsOf(documents, name).filter((field) => !field.startsWith('spec.template.')),
  ]),
);
const [major, minor] = version.split('.');
const out = `test/fixtures/kubernetes-${major}.${minor}-fields.json`;
writeFileSync(out, `${JSON.stringify({ version, fields, kinds: kindsIn(documents) }, null, 1)}\n`);
console.log(`wrote ${out}`);
