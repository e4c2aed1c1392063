import { codeOf } from '../../http/error-code.ts';
import { SCHEMA } from './schema-name.ts';

/**
 * Why a database cannot be used, for operators: the server's own words where it said any, and what to do. A server quotes
 * user, database and tables, and never the password. Of an error of the network the code alone is shown: its message quotes
 * the host, which is a part of the password where the address was cut (config/database-url.ts).
 */

export interface DatabaseFault {
  /** With the code in it. */
  readonly text: string;
  readonly remedy: string;
}

interface Address {
  /** What the operator calls the address: `DATABASE_URL`. */
  readonly name: string;
  /** For the user in it; undefined: an embedded one. */
  readonly url: string | undefined;
}

export function explainDatabaseError(error: unknown, address: Address): DatabaseFault {
  const cause = rootOf(error);
  const code = codeOf(cause);
  const own = cause instanceof Error && isQuotable(cause) ? cause.message : undefined;
  const coded = cause instanceof Error && code !== cause.name ? [`(${code})`] : [];
  return {
    text: own === undefined ? `it cannot be used (${code})` : [own, ...coded].join(' '),
    remedy: remedyOf(code, own ?? '', address),
  };
}

/** One sentence of both. */
export function databaseErrorText(error: unknown, address: Address): string {
  const { text, remedy } = explainDatabaseError(error, address);
  return `${text}; ${remedy}`;
}

/** Who migrates wraps what the server said. */
export function rootOf(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0]);
  return error instanceof Error && error.cause instanceof Error ? rootOf(error.cause) : error;
}

/** The server's own words, or of the driver and of TLS those that quote no more than the host's name. */
function isQuotable(error: Error): boolean {
  return 'severity' in error || isTls(codeOf(error)) || /^(?:The server|There was an error|SASL)/.test(error.message);
}

const isTls = (code: string): boolean => /CERT|^ERR_TLS|^UNABLE_TO_|^ERR_SSL/.test(code);

function remedyOf(code: string, text: string, { name, url }: Address): string {
  if (code === '42501') return `run, as the owner of the database: ${grantFor(text, roleOf(url))}`;
  if (isTls(code)) {
    return `add sslrootcert=FILE, the certificate of who signed the server's, to ${name}, or sslmode=no-verify, which encrypts and trusts any server`;
  }
  if (text.includes('SSL')) return `switch SSL on at the server, or take sslmode out of ${name}`;
  if (text.startsWith('SASL')) return `write user and password into ${name}`;
  return REMEDIES[code]?.(name) ?? `check ${name}, and that the server runs and lets us in`;
}

const REMEDIES: Readonly<Record<string, (name: string) => string>> = {
  '28P01': (name) => `correct user and password of ${name}; a "%" of the password is written %25`,
  '28000': (name) => `allow this user, database and address in pg_hba.conf and by "alter role", or correct ${name}`,
  '3D000': (name) => `create the database, or correct its name in ${name}`,
  '53300': () => 'raise max_connections of the server, or the limit of the role, or lower DATABASE_CONNECTIONS',
  ENOENT: (name) => `the socket or the certificate file that ${name} names is not there`,
  '25006': (name) => `it only reads: let ${name} name the primary, or switch default_transaction_read_only off`,
};

/** The statement that gives the right which the message says is missing. */
function grantFor(text: string, role: string): string {
  const [, kind = '', name = ''] = /^permission denied for (\w+) (.+)$/.exec(text) ?? [];
  switch (kind) {
    case 'database':
      return `grant create on database ${name} to ${role}`;
    case 'schema':
      return `grant usage, create on schema ${name} to ${role}`;
    case 'table':
      return `grant select, insert, update, delete on all tables in schema ${SCHEMA} to ${role}`;
    case 'sequence':
      return `grant usage, select on all sequences in schema ${SCHEMA} to ${role}`;
    default:
      // A migration changes a table, which only its owner may.
      return `grant OWNER to ${role}, where OWNER is the role that made the schema ${SCHEMA}`;
  }
}

/** As SQL writes it. */
function roleOf(url: string | undefined): string {
  const written = URL.parse(url ?? '')?.username ?? '';
  if (written === '') return 'the role';
  const name = decodeURIComponent(written);
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
