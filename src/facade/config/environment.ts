import { isIP } from 'node:net';
import { environmentSchema, type CheckedVariables, type SAMPLERS, type Variable } from './environment-schema.ts';
import { parseDuration } from '../../http/units.ts';
import type { PairVariables, Variables } from './variables.ts';

/**
 * The environment, read once at start by main.ts and handed on as values: no other module looks at it. Everything wrong
 * is reported at once.
 */

/** Where the store is: nowhere (`DATABASE_URL=none`), at a URL, or in a server of our own under `dataDir`. */
export type DatabaseChoice =
  { readonly kind: 'none' } | { readonly kind: 'url'; readonly url: string } | { readonly kind: 'embedded' };

/** Where traces go, and how many there are. */
export interface OtlpSettings {
  /** Of an OTLP receiver that speaks HTTP; `/v1/traces` is put behind it. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly sampler: (typeof SAMPLERS)[number];
  /** 0..1, for those that take a share. */
  readonly ratio: number;
}

export interface Environment {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly adminHost: string;
  readonly adminPort: number;
  /** Set whenever the admin listener is bound beyond loopback. */
  readonly adminToken: string | undefined;
  /** Without a slash at the end. Unset: the sandbox. */
  readonly directUrl: string | undefined;
  /** Set whenever `directUrl` is. */
  readonly directToken: string | undefined;
  /** Unset: every route is direct. */
  readonly gatewayUrl: string | undefined;
  /** What the facade presents to the gateway, where that asks for credentials. */
  readonly gatewayToken: string | undefined;
  /** Credentials of known callers beside `directToken`. */
  readonly facadeTokens: readonly string[];
  readonly configFile: string;
  /** Processes that serve; 1: this one. */
  readonly workers: number;
  /** Where `server.drainDelay` of the config file says nothing. */
  readonly drainDelayMs: number;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  readonly dataDir: string;
  readonly database: DatabaseChoice;
  /** To the database, at most, of this process. */
  readonly databaseConnections: number;
  /** Keys of 32 bytes for what is kept encrypted: the first seals, all open. None: such data is not kept. */
  readonly dataKeys: readonly Buffer[];
  readonly workApi: { readonly url: string; readonly key: string } | undefined;
  readonly diretrix: { readonly url: string; readonly user: string; readonly pass: string } | undefined;
  /** What Contact2Sale's and Google's pushes must carry. Unset: they are refused. */
  readonly webhookSecret: string | undefined;
  /** Whoever reaches the facade may have leads enriched, as with the service before it. */
  readonly enrichOpen: boolean;
  /** Factor of the income figures in messages; 1 shows them as they came. */
  readonly incomeMultiplier: number;
  /** Unset: nothing is traced. */
  readonly otlp: OtlpSettings | undefined;
}

export type ReadEnvironment =
  | { readonly ok: true; readonly environment: Environment }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads `process.env` or any record like it; each problem is one line `NAME: what is wrong`.
 * @param pair names of the variables of the two sides; the others are called the same for every pair.
 */
export function readEnvironment(given: Variables, pair: PairVariables): ReadEnvironment {
  const nameOf = namesOf(pair);
  const env = Object.fromEntries(VARIABLES.map((variable) => [variable, given[nameOf(variable)]]));
  const parsed = environmentSchema.safeParse(env);
  const wrong = parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${nameOf(String(path[0]))}: ${message}`);
  const problems = [
    ...wrong,
    ...blank(env, nameOf),
    ...missing(env, nameOf),
    ...clashes(env),
    ...sharedSecrets(env, nameOf),
  ];
  if (!parsed.success || problems.length > 0) return { ok: false, problems };
  return { ok: true, environment: named(parsed.data) };
}

/** Every variable that is read, by the names that the pair gives. */
export const variableNames = (pair: PairVariables): string[] => VARIABLES.map(namesOf(pair));

const VARIABLES = Object.keys(environmentSchema.shape) as Variable[];

type NameOf = (variable: string) => string;

function namesOf({ direct, gateway }: PairVariables): NameOf {
  const names: Readonly<Record<string, string>> = {
    DIRECT_URL: direct.url,
    DIRECT_TOKEN: direct.token,
    GATEWAY_URL: gateway.url,
    GATEWAY_TOKEN: gateway.token,
  } satisfies Partial<Record<Variable, string>>;
  return (variable) => names[variable] ?? variable;
}

/**
 * Of every variable: blanks alone are a secret that was not mounted or a value that was cut off. Were they taken as
 * none, the admin API would be open where a token was meant.
 */
function blank(env: Variables, nameOf: NameOf): string[] {
  return VARIABLES.filter((name) => env[name] !== undefined && env[name] !== '' && env[name].trim() === '').map(
    (name) => `${nameOf(name)}: holds nothing but blanks; write a value, or leave it empty to unset it`,
  );
}

/** Judged on the variables as given, so that what is missing is told together with what is wrong. */
function missing(env: Variables, nameOf: NameOf): string[] {
  const hasValue = (name: Variable) => (env[name] ?? '').trim() !== '';
  // What holds blanks is told as that, and not as missing too.
  const isMissing = (name: Variable) => (env[name] ?? '') === '';
  const needs = (name: Variable, when: Variable) =>
    hasValue(when) && isMissing(name) ? [`${nameOf(name)}: is required when ${nameOf(when)} is set`] : [];
  return [
    ...needs('DIRECT_TOKEN', 'DIRECT_URL'),
    ...needs('WORK_API_KEY', 'WORK_API_URL'),
    ...needs('DIRETRIX_USER', 'DIRETRIX_BASE_URL'),
    ...needs('DIRETRIX_PASS', 'DIRETRIX_BASE_URL'),
    ...(hasValue('ADMIN_HOST') && isMissing('ADMIN_TOKEN') && !isLoopback(env['ADMIN_HOST']?.trim() ?? '')
      ? ['ADMIN_TOKEN: is required when ADMIN_HOST is not a loopback address: the admin API can flip routes']
      : []),
  ];
}

/** 127.0.0.0/8, ::1 and localhost. */
function isLoopback(hostOrAddress: string): boolean {
  if (hostOrAddress === 'localhost' || hostOrAddress === '::1') return true;
  return isIP(hostOrAddress) === 4 && hostOrAddress.startsWith('127.');
}

function clashes(env: Variables): string[] {
  const given = (name: Variable, standard: string) => (env[name] ?? '').trim() || standard;
  const ports = [given('PORT', '8080'), given('ADMIN_PORT', '9901')];
  const same = ports[0] === ports[1] && ports[0] !== '0';
  return same ? ['ADMIN_PORT: is the same as PORT; the admin listener is never the public one'] : [];
}

/** In this order: of two that are the same the later one is told, with the name of the earlier. */
const SECRETS = [
  'DIRECT_TOKEN',
  'GATEWAY_TOKEN',
  'FACADE_TOKENS',
  'ADMIN_TOKEN',
  'WEBHOOK_SECRET',
  'DATA_KEY',
  'WORK_API_KEY',
  'DIRETRIX_PASS',
] as const satisfies readonly Variable[];
const LISTS: ReadonlySet<Variable> = new Set(['FACADE_TOKENS', 'DATA_KEY']);

/** A secret has one purpose: who is given it for one would have the other. Faults name the variables alone. */
function sharedSecrets(env: Variables, nameOf: NameOf): string[] {
  const owners = new Map<string, Variable>();
  return SECRETS.flatMap((name) => {
    const written = env[name] ?? '';
    const values = (LISTS.has(name) ? written.split(',') : [written]).map((one) => one.trim()).filter((one) => one);
    const others = new Set(values.map((value) => owners.get(value)).filter((owner) => owner !== undefined));
    for (const value of values) if (!owners.has(value)) owners.set(value, name);
    // The direct side's own token is a caller's already: listed again it says nothing new.
    if (name === 'FACADE_TOKENS') others.delete('DIRECT_TOKEN');
    return [...others].map(
      (other) => `${nameOf(name)}: is the same secret as ${nameOf(other)}; write one that serves nothing else`,
    );
  });
}

function named(env: CheckedVariables): Environment {
  return {
    host: env.HOST,
    port: env.PORT,
    adminHost: env.ADMIN_HOST,
    adminPort: env.ADMIN_PORT,
    adminToken: env.ADMIN_TOKEN,
    directUrl: env.DIRECT_URL,
    directToken: env.DIRECT_TOKEN,
    gatewayUrl: env.GATEWAY_URL,
    gatewayToken: env.GATEWAY_TOKEN,
    facadeTokens: env.FACADE_TOKENS ?? [],
    configFile: env.FACADE_CONFIG,
    workers: env.WORKERS,
    drainDelayMs: parseDuration(env.DRAIN_DELAY),
    logLevel: env.LOG_LEVEL ?? 'info',
    dataDir: env.DATA_DIR,
    databaseConnections: env.DATABASE_CONNECTIONS,
    database: databaseOf(env.DATABASE_URL),
    dataKeys: env.DATA_KEY ?? [],
    workApi: env.WORK_API_URL && env.WORK_API_KEY ? { url: env.WORK_API_URL, key: env.WORK_API_KEY } : undefined,
    diretrix:
      env.DIRETRIX_BASE_URL && env.DIRETRIX_USER && env.DIRETRIX_PASS
        ? { url: env.DIRETRIX_BASE_URL, user: env.DIRETRIX_USER, pass: env.DIRETRIX_PASS }
        : undefined,
    webhookSecret: env.WEBHOOK_SECRET,
    enrichOpen: env.ENRICH_OPEN === 'true',
    incomeMultiplier: Number(env.INCOME_MULTIPLIER ?? 1),
    otlp: otlpOf(env),
  };
}

function otlpOf(env: CheckedVariables): OtlpSettings | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER: sampler = 'parentbased_always_on' } = env;
  if (endpoint === undefined) return undefined;
  return {
    endpoint,
    headers: env.OTEL_EXPORTER_OTLP_HEADERS ?? {},
    serviceName: env.OTEL_SERVICE_NAME,
    sampler,
    ratio: Number(env.OTEL_TRACES_SAMPLER_ARG ?? 1),
  };
}

function databaseOf(url: string | undefined): DatabaseChoice {
  if (url === undefined) return { kind: 'embedded' };
  return url === 'none' ? { kind: 'none' } : { kind: 'url', url };
}
