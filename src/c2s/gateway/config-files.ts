import { z } from 'zod';
import type { CallerKey } from './settings.ts';

/** The files that an operator writes, as schemas: every fault of a file is reported at once. */

/** config/gateway-callers.json: who may use the gateway. Rows come from `npm run gateway:key`. */
export const callersFile = z.strictObject({
  $schema: z.string().optional(),
  callers: z
    .array(
      z.strictObject({
        name: z.string().min(1).meta({ description: 'Shown in logs and metrics.' }),
        sha256: z
          .string()
          .regex(/^[0-9a-fA-F]{64}$/, 'write the hex SHA-256 of the key')
          .meta({ description: 'Hex SHA-256 of the key. The key itself is never stored.' }),
        access: z.enum(['read', 'full']).default('full').meta({ description: 'read: GET only, no writes.' }),
      }),
    )
    .min(1, 'at least one caller: a gateway whose last key is removed must not become open'),
});

/** @throws Error that lists every fault */
export function parseJsonFile<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> {
  const result = schema.safeParse(JSON.parse(text));
  if (result.success) return result.data;
  throw new Error(z.prettifyError(result.error));
}

export const parseCallers = (text: string): readonly CallerKey[] => parseJsonFile(callersFile, text).callers;

/** One token a line, the preferred one first; empty lines and those that begin with `#` are skipped. */
export function parseTokens(text: string): readonly string[] {
  const tokens = text.split(/\r?\n/).map((line) => line.trim());
  const used = tokens.filter((line) => line !== '' && !line.startsWith('#'));
  if (used.length === 0) throw new Error('the token file holds no token');
  // A line break or a letter beyond ASCII in a header value would be refused on every single request.
  if (used.some((token) => !/^[\x21-\x7e]+$/.test(token)))
    throw new Error('a token holds a space or a non-ASCII letter');
  return used;
}
