/** The API server accepts each patch that check prints for the cases, as a dry run that stores nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { KubernetesObject } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { check } from '../src/check/check.ts';
import { KubernetesApi } from '../src/clusters/kubernetes/api.ts';
import { withPatch } from '../test/check/patched.ts';
import { PROJECT } from '../test/cli/program.ts';

const FOLDER = join(PROJECT, 'test/check/cases');
/** Kinds that every cluster has. */
const BUILT_IN = /^(v1|apps\/v1|policy\/v1|autoscaling\/v2|networking\.k8s\.io\/v1)$/;

const api = KubernetesApi.connect();

describe('the API server accepts the patch', () => {
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'))) {
    const text = readFileSync(join(FOLDER, file), 'utf8');
    const options = { longestRequestSeconds: 0, drainDelaySeconds: 0 };
    for (const finding of check({ manifests: [{ name: file, text }], options }).findings) {
      const { rule, object, patch } = finding;
      if (!patch || !object || !BUILT_IN.test(object.apiVersion)) continue;
      test(`${file}: ${rule} of ${object.kind} "${object.name}"`, async () => {
        const objects = parseAllDocuments(withPatch(text, finding)).map(
          (document) => document.toJS() as KubernetesObject,
        );
        const patched = objects.find(({ kind, metadata }) => kind === object.kind && metadata?.name === object.name);
        const namespaced = { ...patched, metadata: { ...patched?.metadata, namespace: 'default' } };
        await api.objects.create(namespaced, undefined, 'All');
      });
    }
  }
});
