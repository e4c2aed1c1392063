import { z } from 'zod';
import { BASE_URL_REMEDY, baseUrlFault, normalBaseUrl } from '../../http/base-url.ts';

/** What a variable of the environment may hold, for the engine's variables and those of an extension. */

/**
 * An empty variable is an unset one, as everywhere with .env files and container platforms. One of blanks alone is a
 * fault, which environment.ts tells of for every variable.
 */
export const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (typeof value === 'string' && value.trim() === '' ? undefined : value), schema.optional());

export const withDefault = <T extends z.ZodType<string | number>>(schema: T, value: z.output<T>) =>
  optional(schema).transform((given): z.output<T> => given ?? value);

export const url = z
  .string()
  .trim()
  .superRefine((text, context) => {
    const fault = baseUrlFault(text);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: `${fault}; ${BASE_URL_REMEDY}` });
  })
  .transform(normalBaseUrl);

/** Printable ASCII without spaces: it travels in an Authorization header. */
export const token = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces');

/** What a caller of the facade, of its admin API or of a webhook presents. Below 16 characters it could be guessed over the network. */
export const strongToken = token.min(16, 'must have 16 characters at least; "openssl rand -hex 24" makes one');

/** Signs what a caller is handed and can try at leisure, so that it must not be guessed: 32 characters. */
export const signingSecret = token.min(32, 'must have 32 characters at least; "openssl rand -hex 24" makes one');

export const text = z.string().trim();
