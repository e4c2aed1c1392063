import { isIP } from 'node:net';
import { z } from 'zod';
import { percentDecode } from '../../http/percent.ts';
import { duration } from '../../http/units.ts';
import { databaseUrlFault, NOT_POSTGRES } from './database-url.ts';
import { optional, signingSecret, strongToken, text, token, url, withDefault } from './variable-kinds.ts';

/**
 * Each variable by itself: its form and its default. What several say together is judged in environment.ts. No message
 * repeats a value: half of these are secrets, and the report goes to a log.
 */

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

const database = text.superRefine((given, context) => {
  const fault = given === 'none' ? undefined : databaseUrlFault(given);
  if (fault === undefined) return;
  context.addIssue({ code: 'custom', message: fault === NOT_POSTGRES ? `${fault}, or be none` : fault });
});

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

/** `name=value,name=value`, percent-encoded (W3C baggage), as OpenTelemetry writes headers. Faults name a pair by its place. */
const headerList = z.string().transform((written, context) => {
  const pairs = written.split(',').map((one) => one.trim());
  return Object.fromEntries(
    pairs.map((pair, i) => {
      const [, name = '', value = ''] = /^([!#$%&'*+.^_`|~\w-]+)\s*=\s*([\x21-\x7e]*)$/.exec(pair) ?? [];
      const decoded = percentDecode(value);
      // A line feed that was encoded would end the header.
      if (name === '' || decoded === undefined || /[^\t\x20-\x7e]/.test(decoded)) {
        context.addIssue({ code: 'custom', message: `pair ${i + 1} of ${pairs.length} must be name=value` });
      }
      return [name, decoded ?? ''];
    }),
  );
});

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
  NOTIFY_SECRET: optional(strongToken),
  FORCE_HEADER_SECRET: optional(signingSecret),
  FACADE_CONFIG: withDefault(text, 'config/facade.yaml'),
  WORKERS: withDefault(workers, 1),
  DRAIN_DELAY: withDefault(drainDelay, 0),
  LOG_LEVEL: optional(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'must be trace, debug, info, warn, error, fatal or silent',
    }),
  ),
  LOG_FORMAT: optional(z.enum(['pretty', 'json'], { error: 'must be pretty or json' })),
  DATA_DIR: withDefault(text, '.data'),
  DATABASE_URL: optional(database),
  DATABASE_CONNECTIONS: withDefault(databaseConnections, 25),
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
