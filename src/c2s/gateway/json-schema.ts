import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { campaignsFile } from './campaigns.ts';
import { callersFile } from './config-files.ts';

/** `npm run schema:gateway`: the JSON Schemas for editors, from the schemas that read the files. */
export const JSON_SCHEMAS = {
  'config/campaigns.schema.json': campaignsFile,
  'config/gateway-callers.schema.json': callersFile,
} as const;

/** The text of one schema file. */
export const schemaText = (file: keyof typeof JSON_SCHEMAS): string =>
  `${JSON.stringify(z.toJSONSchema(JSON_SCHEMAS[file], { io: 'input' }), null, 2)}\n`;

if (import.meta.main) {
  for (const file of Object.keys(JSON_SCHEMAS) as (keyof typeof JSON_SCHEMAS)[]) writeFileSync(file, schemaText(file));
}
