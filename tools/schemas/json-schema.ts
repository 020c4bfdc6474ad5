/** JSON schemas of the files that this program reads and writes, from the definitions that it reads them by. */
import * as z from 'zod';
import { CONTENTS } from '../../src/trace/units.ts';

/** Draft 7, which editors know best, of what a file may hold before anything is filled in. */
const OPTIONS = { target: 'draft-7', io: 'input', override: fillContents } as const;

export function jsonSchema(schema: z.ZodType, title: string): string {
  return `${JSON.stringify({ title, ...z.toJSONSchema(schema, OPTIONS) }, null, 2)}\n`;
}

/** Lists and objects with bounds are checked by a transform, behind which zod sees nothing of what they hold. */
function fillContents({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}) {
  const contents = CONTENTS.get(zodSchema);
  if (contents === undefined) return;
  const item = partSchema(contents.item);
  if (contents.key === undefined) jsonSchema.items = item;
  else {
    jsonSchema.propertyNames = partSchema(contents.key);
    jsonSchema.additionalProperties = item;
    jsonSchema.maxProperties = contents.most;
  }
}

function partSchema(schema: z.ZodType): z.core.JSONSchema.BaseSchema {
  const { $schema: _, ...part } = z.toJSONSchema(schema, OPTIONS);
  return part as z.core.JSONSchema.BaseSchema;
}
