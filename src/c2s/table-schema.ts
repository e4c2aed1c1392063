import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonSchemaText } from '../facade/config/json-schema.ts';
import { TableSchema } from '../facade/config/table-schema.ts';
import { ENRICHMENT_SECTION } from './enrichment/section.ts';

/** The rollout table of the facade as it is shipped. `npm run schema` writes config/facade.schema.json of it. */
export const TABLE_SCHEMA = new TableSchema(ENRICHMENT_SECTION);

if (import.meta.main) {
  writeFileSync(join(import.meta.dirname, '../../config/facade.schema.json'), jsonSchemaText(TABLE_SCHEMA.json));
}
