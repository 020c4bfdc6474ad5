/** A Deployment and its Service as a user would write them, with any field changed. */
import { stringify } from 'yaml';
import { type Manifests, readManifests } from '../../src/manifests/manifests.ts';

/**
 * Field paths and their new values; undefined removes the field: `{ 'spec.template.spec.containers[0].name': 'web' }`.
 */
export type Changes = Record<string, unknown>;

export interface Written {
  deployment?: Changes;
  service?: Changes;
  /** Objects after these two. */
  more?: object[];
}

/** The YAML of both. */
export function manifestText({ deployment = {}, service = {}, more = [] }: Written = {}): string {
  const objects = [changed(DEPLOYMENT, deployment), changed(SERVICE, service), ...more];
  return objects.map((object) => stringify(object)).join('---\n');
}

/** Both as the program reads them, from `shop.yaml`. */
export function manifests(written: Written = {}): Manifests {
  return readManifests(manifestText(written), 'shop.yaml');
}

const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'shop' } },
    template: {
      metadata: { labels: { app: 'shop', tier: 'web' } },
      spec: {
        containers: [{ name: 'app', image: 'shop:1', ports: [{ name: 'http', containerPort: 8080 }] }],
      },
    },
  },
};

const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'shop' },
  spec: { selector: { app: 'shop' }, ports: [{ port: 80, targetPort: 'http' }] },
};

function changed(object: object, changes: Changes): object {
  const copy = structuredClone(object);
  for (const [path, value] of Object.entries(changes)) set(copy, path.split(/[.[\]]+/).filter(Boolean), value);
  return copy;
}

function set(at: object, [key, ...rest]: string[], value: unknown): void {
  const fields = at as Record<string, object>;
  if (key === undefined) return;
  if (rest.length === 0) {
    if (value === undefined) delete fields[key];
    else fields[key] = value as object;
    return;
  }
  fields[key] ??= /^\d+$/.test(rest[0] ?? '') ? [] : {};
  set(fields[key], rest, value);
}
