/** The fields of Kubernetes kinds, from the OpenAPI v3 documents that an API server publishes. */

/** A part of an OpenAPI schema, as far as it says which fields there are. */
interface Schema {
  $ref?: string;
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  items?: Schema;
  'x-kubernetes-group-version-kind'?: { group: string; kind: string; version: string }[];
}

export interface OpenApiDocument {
  components: { schemas: Record<string, Schema> };
}

/**
 * The paths of the fields that hold a value and no further fields, in the order of the alphabet. An item of a list has
 * the path of the list; `*` is any key of a map.
 * @param name of the schema: `io.k8s.api.apps.v1.Deployment`
 */
export function fieldsOf(documents: readonly OpenApiDocument[], name: string): string[] {
  const schemas = new Map(documents.flatMap(({ components }) => Object.entries(components.schemas)));
  const find = (wanted: string): Schema => {
    const schema = schemas.get(wanted);
    if (!schema) throw new Error(`the documents have no ${wanted}`);
    return schema;
  };
  const leaves = (schema: Schema, path: readonly string[]): string[] => {
    const { $ref, allOf, items, properties, additionalProperties } = schema;
    if ($ref !== undefined) return leaves(find($ref.replace(/^.*\//, '')), path);
    if (allOf?.[0]) return leaves(allOf[0], path);
    if (items) return leaves(items, path);
    if (properties) return Object.entries(properties).flatMap(([key, field]) => leaves(field, [...path, key]));
    if (additionalProperties) return leaves(additionalProperties, [...path, '*']);
    return [path.join('.')];
  };
  return leaves(find(name), []).sort();
}

/** The kinds of objects that are stored, so that there are lists of them: `apps/Deployment`, `Service`. */
export function kindsIn(documents: readonly OpenApiDocument[]): string[] {
  const schemas = documents.flatMap(({ components }) => Object.values(components.schemas));
  const kinds = schemas
    .flatMap((schema) => schema['x-kubernetes-group-version-kind'] ?? [])
    .map(({ group, kind }) => (group === '' ? kind : `${group}/${kind}`));
  const all = new Set(kinds);
  return [...all].filter((kind) => all.has(`${kind}List`)).sort();
}
