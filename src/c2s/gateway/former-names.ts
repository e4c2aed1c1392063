import type { FormerNames } from '../../http/former-names.ts';

/**
 * The variables of the two services that this project replaces, where they are called otherwise here or are read no
 * longer. What is called the same and means the same is not listed.
 */

const inCapitals = (name: string) =>
  ({ instead: `is not read in small letters; write ${name}`, isFault: true }) as const;
const unread = (remedy: string) => ({ instead: `is not read here; ${remedy}`, isFault: false }) as const;

const OTHER_PORT = 'the port of this service is PORT, that of the gateway GATEWAY_PORT';

/** The Python gateway took a name in any case. */
const SMALL_LETTERS: FormerNames = {
  c2s_token: inCapitals('C2S_TOKEN'),
  c2s_base_url: inCapitals('C2S_BASE_URL'),
};

/** For the Python gateway's successor. */
export const GATEWAY_FORMER_NAMES: FormerNames = {
  C2S_GATEWAY_PORT: { now: 'GATEWAY_PORT' },
  c2s_gateway_port: { now: 'GATEWAY_PORT' },
  ...SMALL_LETTERS,
};

/** For the facade: of the enrichment service, and of the Python gateway where one .env serves both. */
export const FACADE_FORMER_NAMES: FormerNames = {
  // The enrichment service kept its tables in `public` and `core`; ours are in schemas of their own.
  DB_URL: { now: 'DATABASE_URL' },
  WORK_API: { now: 'WORK_API_KEY' },
  WORKER_API_KEY: { now: 'WORK_API_KEY' },
  RUST_LOG: unread('write LOG_LEVEL'),
  REDIS_URL: unread('remove it: what instances share is in the database'),
  C2S_GATEWAY_PORT: unread(OTHER_PORT),
  c2s_gateway_port: unread(OTHER_PORT),
  ...SMALL_LETTERS,
};

/** Variables of the gateway alone that begin as the facade's do: one .env may serve both. */
export const GATEWAY_NAMES: readonly string[] = ['C2S_TOKEN_FILE', 'C2S_LEAD_FORM'];
