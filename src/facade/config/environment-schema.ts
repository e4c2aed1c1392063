import { isIP } from 'node:net';
import { z } from 'zod';
import { BASE_URL_REMEDY, baseUrlFault, normalBaseUrl } from '../../http/base-url.ts';
import { duration } from '../../http/units.ts';

/**
 * Each variable by itself: its form and its default. What several say together is judged in environment.ts. No message
 * repeats a value: half of these are secrets, and the report goes to a log.
 */

/**
 * An empty variable is an unset one, as everywhere with .env files and container platforms. One of blanks alone is a
 * fault, which environment.ts tells of for every variable.
 */
const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (typeof value === 'string' && value.trim() === '' ? undefined : value), schema.optional());

const withDefault = <T extends z.ZodType<string | number>>(schema: T, value: z.output<T>) =>
  optional(schema).transform((given): z.output<T> => given ?? value);

const port = z
  .string()
  .regex(/^\s*\d{1,5}\s*$/, 'must be a port, 0 to 65535')
  .transform(Number)
  .refine((n) => n <= 65_535, 'must be a port, 0 to 65535');

const workers = z
  .string()
  .regex(/^\s*\d{1,2}\s*$/, 'must be a number of processes, 1 to 64')
  .transform(Number)
  .refine((n) => n >= 1 && n <= 64, 'must be a number of processes, 1 to 64');
/** Ten is what one facade with the enrichment can do with (store/connection-budget.ts). */
const databaseConnections = z
  .string()
  .regex(/^\s*\d{1,3}\s*$/, 'must be a number of connections, 10 to 500')
  .transform(Number)
  .refine((n) => n >= 10 && n <= 500, 'must be a number of connections, 10 to 500');

const drainDelay = duration('See server.drainDelay.');

const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
const host = z
  .string()
  .trim()
  .refine(
    (text) => isIP(text) !== 0 || (HOST_NAME.test(text) && !/^[\d.]+$/.test(text)),
    'must be an address or a host name, without scheme and port',
  );

const url = z
  .string()
  .trim()
  .superRefine((text, context) => {
    const fault = baseUrlFault(text);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: `${fault}; ${BASE_URL_REMEDY}` });
  })
  .transform(normalBaseUrl);

const isDatabase = (text: string) =>
  text === 'none' || ['postgres:', 'postgresql:'].includes(URL.parse(text)?.protocol ?? '');

/** Printable ASCII without spaces: it travels in an Authorization header. */
const token = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces');

/** What a caller of the facade, of its admin API or of a webhook presents. Below 16 characters it could be guessed over the network. */
const strongToken = token.min(16, 'must have 16 characters at least');

const text = z.string().trim();

/** `a,b,c` → each one a strong token, none twice. Faults name a token by its place only. */
const tokenList = z.string().transform((written, context) => {
  const tokens = written.split(',').map((one) => one.trim());
  tokens.forEach((one, i) => {
    const place = `token ${i + 1} of ${tokens.length}`;
    for (const issue of strongToken.safeParse(one).error?.issues.slice(0, 1) ?? []) {
      context.addIssue({ code: 'custom', message: `${place} ${one === '' ? 'is empty' : issue.message}` });
    }
    if (one !== '' && tokens.indexOf(one) !== i) {
      context.addIssue({ code: 'custom', message: `${place} repeats token ${tokens.indexOf(one) + 1}` });
    }
  });
  return tokens;
});

/** 32 bytes in hex or in base64, with or without padding and URL-safe letters. */
const asKey = (written: string): Buffer | undefined => {
  const isHex = /^[0-9a-f]{64}$/i.test(written);
  const isBase64 = /^[\w+/-]{43}=?$/.test(written);
  return isHex || isBase64 ? Buffer.from(written, isHex ? 'hex' : 'base64') : undefined;
};

/** `new,old`: the first one seals, all of them open. Faults name a key by its place only. */
const keyList = z.string().transform((written, context) =>
  written.split(',').map((one, i, all) => {
    const key = asKey(one.trim());
    if (key) return key;
    const remedy = 'must be 32 bytes in base64 or hex (openssl rand -base64 32)';
    context.addIssue({ code: 'custom', message: `key ${i + 1} of ${all.length} ${remedy}` });
    return z.NEVER;
  }),
);

/** `name=value,name=value`, percent-encoded (W3C baggage), as OpenTelemetry writes headers. Faults name a pair by its place. */
const headerList = z.string().transform((written, context) => {
  const pairs = written.split(',').map((one) => one.trim());
  return Object.fromEntries(
    pairs.map((pair, i) => {
      const [, name = '', value = ''] = /^([!#$%&'*+.^_`|~\w-]+)\s*=\s*([\x21-\x7e]*)$/.exec(pair) ?? [];
      const decoded = percentDecoded(value);
      // A line feed that was encoded would end the header.
      if (name === '' || decoded === undefined || /[^\t\x20-\x7e]/.test(decoded)) {
        context.addIssue({ code: 'custom', message: `pair ${i + 1} of ${pairs.length} must be name=value` });
      }
      return [name, decoded ?? ''];
    }),
  );
});

function percentDecoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

/** OpenTelemetry's names. */
export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

const ratio = text.refine(
  (given) => /^\d*\.?\d+$/.test(given) && Number(given) <= 1,
  'must be a number from 0 to 1, such as 0.1',
);

export const environmentSchema = z.object({
  HOST: withDefault(host, '127.0.0.1'),
  PORT: withDefault(port, 8080),
  ADMIN_HOST: withDefault(host, '127.0.0.1'),
  ADMIN_PORT: withDefault(port, 9901),
  ADMIN_TOKEN: optional(strongToken),
  // What the pair calls these four: environment.ts.
  DIRECT_URL: optional(url),
  DIRECT_TOKEN: optional(token),
  GATEWAY_URL: optional(url),
  GATEWAY_TOKEN: optional(token),
  FACADE_TOKENS: optional(tokenList),
  FACADE_CONFIG: withDefault(text, 'config/facade.yaml'),
  WORKERS: withDefault(workers, 1),
  DRAIN_DELAY: withDefault(drainDelay, '0s'),
  LOG_LEVEL: optional(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'must be trace, debug, info, warn, error, fatal or silent',
    }),
  ),
  DATA_DIR: withDefault(text, '.data'),
  DATABASE_URL: optional(text.refine(isDatabase, 'must begin with postgres:// or postgresql://, or be none')),
  DATABASE_CONNECTIONS: withDefault(databaseConnections, 25),
  DATA_KEY: optional(keyList),
  WORK_API_URL: optional(url),
  WORK_API_KEY: optional(text),
  DIRETRIX_BASE_URL: optional(url),
  DIRETRIX_USER: optional(text),
  DIRETRIX_PASS: optional(text),
  WEBHOOK_SECRET: optional(strongToken),
  ENRICH_OPEN: optional(z.enum(['true', 'false'], { error: 'must be true or false' })),
  INCOME_MULTIPLIER: optional(
    text.refine(
      (given) => /^\d{1,3}(\.\d{1,6})?$/.test(given) && Number(given) > 0,
      'must be a number above 0, such as 1.5',
    ),
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(url),
  OTEL_EXPORTER_OTLP_HEADERS: optional(headerList),
  OTEL_SERVICE_NAME: withDefault(text, 'c2s-facade'),
  OTEL_TRACES_SAMPLER: optional(
    z.enum(SAMPLERS, { error: `must be ${SAMPLERS.slice(0, -1).join(', ')} or ${SAMPLERS.at(-1)}` }),
  ),
  OTEL_TRACES_SAMPLER_ARG: optional(ratio),
});

export type Variable = keyof z.output<typeof environmentSchema>;
export type CheckedVariables = z.output<typeof environmentSchema>;
