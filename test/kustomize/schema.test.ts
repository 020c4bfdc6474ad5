import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Ajv, type ValidateFunction } from 'ajv';
import { parseAllDocuments } from 'yaml';
import { overlayNames } from '../../src/manifests/overlays.ts';
import { readRendered } from '../../src/manifests/render-files.ts';
import kubernetes from '../fixtures/kubernetes-1.34-schema.json' with { type: 'json' };

const DEFINITIONS: Record<string, string> = {
  Deployment: 'io.k8s.api.apps.v1.Deployment',
  Service: 'io.k8s.api.core.v1.Service',
};

const validators = compile();

describe('every object is valid by the schema of Kubernetes 1.34, with no field it does not know', () => {
  for (const overlay of overlayNames()) {
    test(overlay, () => {
      const objects = objectsOf(overlay);
      assert.deepEqual(objects.map(({ kind }) => kind).sort(), ['Deployment', 'Service']);
      for (const object of objects) assert.deepEqual(errorsOf(object), []);
    });
  }
});

describe('the schema catches', () => {
  const wrong: Record<string, { change: (deployment: Json) => void; error: RegExp }> = {
    'an unknown field': {
      change: (deployment) => set(deployment, ['spec', 'template', 'spec', 'terminationGraceSeconds'], 15),
      error: /^\/spec\/template\/spec must NOT have additional properties \(terminationGraceSeconds\)$/,
    },
    'an unknown field of a preStop hook': {
      change: (deployment) =>
        set(deployment, ['spec', 'template', 'spec', 'containers', 0, 'lifecycle', 'preStop', 'sleep', 'secs'], 5),
      error: /preStop\/sleep must NOT have additional properties \(secs\)$/,
    },
    'a wrong type': {
      change: (deployment) => set(deployment, ['spec', 'replicas'], '3'),
      error: /^\/spec\/replicas must be integer$/,
    },
    'a number where an environment variable needs text': {
      change: (deployment) => set(deployment, ['spec', 'template', 'spec', 'containers', 0, 'env', 0, 'value'], 2000),
      error: /\/env\/0\/value must be string$/,
    },
    'a missing field': {
      change: (deployment) => set(deployment, ['spec', 'selector'], undefined),
      error: /^\/spec must have required property 'selector'$/,
    },
  };
  for (const [what, { change, error }] of Object.entries(wrong)) {
    test(what, () => {
      const deployment = objectsOf('valid-node').find(({ kind }) => kind === 'Deployment');
      assert.ok(deployment);
      change(deployment);
      const errors = errorsOf(deployment);
      assert.equal(errors.length, 1, errors.join('\n'));
      assert.match(errors[0] ?? '', error);
    });
  }
});

type Json = { [key: string]: unknown };

function compile(): Map<string, ValidateFunction> {
  const ajv = new Ajv({
    allErrors: true,
    // Not JSON Schema's own: notes for kubectl and for code generators.
    keywords: [
      'x-kubernetes-group-version-kind',
      'x-kubernetes-list-map-keys',
      'x-kubernetes-list-type',
      'x-kubernetes-map-type',
      'x-kubernetes-patch-merge-key',
      'x-kubernetes-patch-strategy',
      'x-kubernetes-unions',
    ],
    // IntOrString has a format and no type.
    strictTypes: false,
    formats: { int32: true, int64: true, double: true, 'date-time': true, 'int-or-string': true },
  });
  ajv.addSchema({ definitions: closed() }, 'kubernetes');
  return new Map(
    Object.entries(DEFINITIONS).map(([kind, name]) => [kind, ajv.compile({ $ref: `kubernetes#/definitions/${name}` })]),
  );
}

/** The definitions with every object that lists its properties allowing no others, as the API server's strict mode. */
function closed(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(kubernetes.definitions).map(([name, definition]) => [
      name,
      'properties' in definition ? { ...definition, additionalProperties: false } : definition,
    ]),
  );
}

function objectsOf(overlay: string): ({ kind: string } & Json)[] {
  return parseAllDocuments(readRendered(overlay)).map((document) => document.toJS());
}

function errorsOf(object: { kind?: unknown }): string[] {
  const validate = validators.get(String(object.kind));
  assert.ok(validate, `no schema for ${object.kind}`);
  if (validate(object)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const extra = typeof params.additionalProperty === 'string' ? ` (${params.additionalProperty})` : '';
    return `${instancePath} ${message}${extra}`;
  });
}

function set(object: Json, path: (string | number)[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length > 0) set(object[key] as Json, rest, value);
  else if (value === undefined) delete object[key];
  else object[key] = value;
}
