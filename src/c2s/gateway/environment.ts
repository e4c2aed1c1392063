import { z } from 'zod';
import { resolveFormerNames } from '../../http/former-names.ts';
import { duration, positiveDuration } from '../../http/units.ts';
import { GATEWAY_FORMER_NAMES } from './former-names.ts';
import type { GatewayOptions } from './settings.ts';

/** The environment of `npm run start:gateway` as options. Every fault is reported at once. */

/** `10/60s` or `2/1s`: requests and period. */
const budget = z
  .string()
  .regex(/^\d+\/[^/]+$/, { error: 'write requests/period, such as 10/60s', abort: true })
  .transform((text) => text.split('/'))
  .pipe(z.tuple([z.coerce.number<string>().int().min(1), positiveDuration('Length of the period.')]))
  .transform(([requests, periodMs]) => ({ requests, periodMs }));
const port = z.coerce.number().int().min(0).max(65_535);
const address = z.url({ protocol: /^https?$/, error: 'write an http:// or https:// address' });
const yes = z.enum(['true', 'false'], 'write true or false').transform((word) => word === 'true');

const schema = z.object({
  C2S_BASE_URL: address,
  C2S_TOKEN: z.string().optional(),
  C2S_TOKEN_FILE: z.string().optional(),
  C2S_LEAD_FORM: z.enum(['flat', 'jsonapi']).default('flat'),
  GATEWAY_HOST: z.string().default('127.0.0.1'),
  GATEWAY_PORT: port.default(8001),
  GATEWAY_ADMIN_HOST: z.string().default('127.0.0.1'),
  GATEWAY_ADMIN_PORT: port.default(9902),
  GATEWAY_CALLERS: z.string().optional(),
  GATEWAY_CAMPAIGNS: z.string().optional(),
  GATEWAY_STRICT: yes.default(false),
  GATEWAY_RATE_BUDGET: budget.optional(),
  GATEWAY_RATE_WAIT_MS: z.coerce.number().int().min(0).default(2_000),
  GATEWAY_DRAIN_DELAY: duration('See drainDelayMs.').optional(),
  ADS_GATEWAY_URL: address.optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
});

/** Every variable that is read. */
export const VARIABLE_NAMES: readonly string[] = Object.keys(schema.shape);

interface GatewayEnvironment {
  readonly options: GatewayOptions;
  readonly logLevel: string;
  /** Variables under former names, each as one line `NAME: what to do`. */
  readonly warnings: readonly string[];
}

/** @throws Error that names every variable that is missing or wrong, never its value */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): GatewayEnvironment {
  const { variables, problems, warnings } = resolveFormerNames(environment, GATEWAY_FORMER_NAMES);
  // An empty variable is one that somebody meant to leave out.
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''));
  const result = schema.safeParse(set);
  if (!result.success) throw new Error([...problems, z.prettifyError(result.error)].join('\n'));
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const env = result.data;
  if (env.C2S_TOKEN === undefined && env.C2S_TOKEN_FILE === undefined) {
    throw new Error('C2S_TOKEN or C2S_TOKEN_FILE must be set: the gateway asks Contact2Sale with its own token.');
  }
  return { options: toOptions(env), logLevel: env.LOG_LEVEL, warnings };
}

function toOptions(env: z.output<typeof schema>): GatewayOptions {
  const given = {
    c2sToken: env.C2S_TOKEN?.split(',').map((token) => token.trim()),
    c2sTokenFile: env.C2S_TOKEN_FILE,
    callersFile: env.GATEWAY_CALLERS,
    campaignsFile: env.GATEWAY_CAMPAIGNS,
    adsGatewayUrl: env.ADS_GATEWAY_URL,
    drainDelayMs: env.GATEWAY_DRAIN_DELAY,
    rateBudget: env.GATEWAY_RATE_BUDGET && { ...env.GATEWAY_RATE_BUDGET, maxWaitMs: env.GATEWAY_RATE_WAIT_MS },
  };
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    host: env.GATEWAY_HOST,
    port: env.GATEWAY_PORT,
    c2sBaseUrl: env.C2S_BASE_URL,
    leadForm: env.C2S_LEAD_FORM,
    strict: env.GATEWAY_STRICT,
    admin: { host: env.GATEWAY_ADMIN_HOST, port: env.GATEWAY_ADMIN_PORT },
    ...present,
  };
}
