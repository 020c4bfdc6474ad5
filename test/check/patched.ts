/** Applies the patch of a finding to the manifest that it is about, as `kubectl patch` and kustomize do. */
import assert from 'node:assert/strict';
import { parseAllDocuments, stringify } from 'yaml';
import type { Finding } from '../../src/check/finding.ts';

type Mapping = Record<string, unknown>;

/** A strategic merge: null removes a field, mappings merge, and so do lists whose items have names, by name. */
export function applied(base: unknown, patch: unknown): unknown {
  if (isNamedList(patch) && Array.isArray(base)) {
    const known = base.map((item: Mapping) => {
      const change = patch.find(({ name }) => name === item.name);
      return change ? applied(item, change) : item;
    });
    const names = new Set(base.map(({ name }: Mapping) => name));
    return [...known, ...patch.filter(({ name }) => !names.has(name)).map((item) => applied({}, item))];
  }
  if (!isMapping(patch)) return patch;
  const result: Mapping = isMapping(base) ? { ...base } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = applied(result[key], value);
  }
  return result;
}

/** The manifests with the patch of a finding. Fails if the patch changes what identifies an object or holds its data. */
export function withPatch(yaml: string, { object, patch, message }: Finding): string {
  assert.ok(patch && object, message);
  const documents = parseAllDocuments(yaml, { version: '1.1' }).map((document) => document.toJS() as Mapping);
  const isPatched = (document: Mapping) => {
    const { name, namespace } = document.metadata as Mapping;
    return document.kind === object.kind && name === object.name && namespace === object.namespace;
  };
  assert.equal(documents.filter(isPatched).length, 1, `one object is patched: ${message}`);
  const after = documents.map((document) => {
    if (!isPatched(document)) return document;
    const changed = applied(document, patch);
    assert.deepEqual(keptParts(changed), keptParts(document), message);
    return changed;
  });
  return after.map((document) => stringify(document)).join('---\n');
}

/** What no patch may change. */
function keptParts(object: unknown): unknown[] {
  const { apiVersion, kind, metadata, spec } = object as Record<string, Mapping>;
  const template = (spec?.template ?? {}) as Mapping;
  const pod = (template.spec ?? {}) as Mapping;
  const containers = (list: unknown) => ((list ?? []) as Mapping[]).map(({ name, image }) => [name, image]);
  return [
    [apiVersion, kind, metadata, spec?.selector, spec?.serviceName, spec?.volumeClaimTemplates, template.metadata],
    [pod.volumes, containers(pod.containers), containers(pod.initContainers)],
    [spec?.scaleTargetRef, spec?.ports, spec?.accessModes],
  ];
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNamedList(value: unknown): value is Mapping[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => isMapping(item) && 'name' in item);
}
