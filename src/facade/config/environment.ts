import type { z } from 'zod';
import { environmentSchema, type CheckedVariables, type SAMPLERS, type Variable } from './environment-schema.ts';
import type { ExtensionVariables, SecretVariable } from './extension-variables.ts';
import { resolveFormerNames } from '../../http/former-names.ts';
import { isLoopback } from '../../http/loopback.ts';
import { unknownVariables } from './variable-names.ts';
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
  /** Signs notifications; unset: those of targets with a `secret` of their own alone are signed. */
  readonly notifySecret: string | undefined;
  /** Signs force headers; unset: those of known callers count unsigned, where the table allows them. */
  readonly forceSecret: string | undefined;
  readonly configFile: string;
  /** Processes that serve; 1: this one. */
  readonly workers: number;
  /** Where `server.drainDelay` of the config file says nothing. */
  readonly drainDelayMs: number;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** Unset: lines for people on a terminal, JSON elsewhere. */
  readonly logFormat: 'pretty' | 'json' | undefined;
  readonly dataDir: string;
  readonly database: DatabaseChoice;
  /** To the database, at most, of this process. */
  readonly databaseConnections: number;
  /** Unset: nothing is traced. */
  readonly otlp: OtlpSettings | undefined;
  /** What the variables of an extension say; an extension knows the type. */
  readonly extension?: unknown;
}

export type ReadEnvironment =
  | { readonly ok: true; readonly environment: Environment }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads `process.env` or any record like it; each problem is one line `NAME: what is wrong`.
 * @param pair names of the variables of the two sides; the engine's others are called the same for every pair.
 * @param extension left out: its variables are not looked at.
 */
export function readEnvironment(
  asWritten: Variables,
  pair: PairVariables,
  extension?: ExtensionVariables,
): ReadEnvironment {
  const nameOf = namesOf(pair);
  const { variables: given, problems: ofFormerNames } = resolveFormerNames(asWritten, extension?.formerNames);
  const own = Object.fromEntries(VARIABLES.map((variable) => [variable, given[nameOf(variable)]]));
  const parsed = environmentSchema.safeParse(own);
  const added = extension?.schema.safeParse(given);
  const isComplete = parsed.success && added?.success !== false;
  const problems = [
    ...wrong(parsed, nameOf),
    ...(added ? wrong(added, String) : []),
    ...blank(given, variableNames(pair, extension)),
    ...ofFormerNames,
    ...missing(given, { ...REQUIRED_WITH, ...extension?.requiredWith }, nameOf),
    ...openAdmin(given),
    ...clashes(given),
    ...sharedSecrets(given, [...SECRETS, ...(extension?.secrets ?? [])], nameOf),
  ];
  if (!isComplete || problems.length > 0) return { ok: false, problems };
  const environment = named(parsed.data);
  return {
    ok: true,
    environment: extension ? { ...environment, extension: extension.read(added?.data ?? {}) } : environment,
  };
}

/**
 * Variables under former names, and those with one of our prefixes that nothing reads. Each is one line `NAME: what to do`.
 * @param table text of the rollout table, which may name variables of its own.
 */
export const environmentWarnings = (
  given: Variables,
  pair: PairVariables,
  extension?: ExtensionVariables,
  table?: string,
): readonly string[] => [
  ...resolveFormerNames(given, extension?.formerNames).warnings,
  ...unknownVariables(given, [...variableNames(pair, extension), ...(extension?.otherNames ?? [])], pair, table),
];

/** Every variable that is read, by the names that the pair gives, and by former ones. */
export const variableNames = (pair: PairVariables, extension?: ExtensionVariables): string[] => [
  ...VARIABLES.map(namesOf(pair)),
  ...Object.keys(extension?.schema.shape ?? {}),
  ...Object.keys(extension?.formerNames ?? {}),
];

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

function wrong({ error }: { readonly error?: z.ZodError | undefined }, nameOf: NameOf): string[] {
  return (error?.issues ?? []).map(({ path, message }) => `${nameOf(String(path[0]))}: ${message}`);
}

/**
 * Of every variable: blanks alone are a secret that was not mounted or a value that was cut off. Were they taken as
 * none, the admin API would be open where a token was meant.
 */
function blank(env: Variables, names: readonly string[]): string[] {
  return names
    .filter((name) => env[name] !== undefined && env[name] !== '' && env[name].trim() === '')
    .map((name) => `${name}: holds nothing but blanks; write a value, or leave it empty to unset it`);
}

const hasValue = (text: string | undefined): boolean => (text ?? '').trim() !== '';
/** What holds blanks is told as that, and not as missing too. */
const isMissing = (text: string | undefined): boolean => (text ?? '') === '';

const REQUIRED_WITH: Readonly<Record<string, string>> = { DIRECT_TOKEN: 'DIRECT_URL' } satisfies Partial<
  Record<Variable, Variable>
>;

/** Judged on the variables as given, so that what is missing is told together with what is wrong. */
function missing(env: Variables, requiredWith: Readonly<Record<string, string>>, nameOf: NameOf): string[] {
  return Object.entries(requiredWith)
    .map(([name, when]) => [nameOf(name), nameOf(when)] as const)
    .filter(([name, when]) => hasValue(env[when]) && isMissing(env[name]))
    .map(([name, when]) => `${name}: is required when ${when} is set`);
}

function openAdmin({ ADMIN_HOST, ADMIN_TOKEN }: Variables): string[] {
  const isOpen = hasValue(ADMIN_HOST) && isMissing(ADMIN_TOKEN) && !isLoopback(ADMIN_HOST?.trim() ?? '');
  return isOpen
    ? ['ADMIN_TOKEN: is required when ADMIN_HOST is not a loopback address: the admin API can flip routes']
    : [];
}

function clashes(env: Variables): string[] {
  const given = (name: Variable, standard: string) => (env[name] ?? '').trim() || standard;
  const ports = [given('PORT', '8080'), given('ADMIN_PORT', '9901')];
  const same = ports[0] === ports[1] && ports[0] !== '0';
  return same ? ['ADMIN_PORT: is the same as PORT; the admin listener is never the public one'] : [];
}

/** In this order, and then those of an extension: of two that are the same the later one is told, with the name of the earlier. */
const SECRETS: readonly SecretVariable[] = [
  { name: 'DIRECT_TOKEN', isList: false },
  { name: 'GATEWAY_TOKEN', isList: false },
  { name: 'FACADE_TOKENS', isList: true },
  { name: 'ADMIN_TOKEN', isList: false },
  { name: 'NOTIFY_SECRET', isList: false },
  { name: 'FORCE_HEADER_SECRET', isList: false },
] satisfies readonly { readonly name: Variable; readonly isList: boolean }[];

/** A secret has one purpose: who is given it for one would have the other. Faults name the variables alone. */
function sharedSecrets(env: Variables, secrets: readonly SecretVariable[], nameOf: NameOf): string[] {
  const owners = new Map<string, string>();
  return secrets.flatMap(({ name, isList }) => {
    const written = env[nameOf(name)] ?? '';
    const values = (isList ? written.split(',') : [written]).map((one) => one.trim()).filter((one) => one);
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
    notifySecret: env.NOTIFY_SECRET,
    forceSecret: env.FORCE_HEADER_SECRET,
    configFile: env.FACADE_CONFIG,
    workers: env.WORKERS,
    drainDelayMs: env.DRAIN_DELAY,
    logLevel: env.LOG_LEVEL ?? 'info',
    logFormat: env.LOG_FORMAT,
    dataDir: env.DATA_DIR,
    databaseConnections: env.DATABASE_CONNECTIONS,
    database: databaseOf(env.DATABASE_URL),
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
