import { nearest } from './nearest.ts';
import type { PairVariables, Variables } from './variables.ts';

/**
 * Variables that begin as ours do and that nothing reads: a slip of the pen sets nothing and says nothing. Without the
 * base URL of the direct side a slip would even start a sandbox where the operator meant a production.
 */

/** Of the engine, whatever the pair is called. */
const ENGINE_PREFIX = 'FACADE_';
/** With what Kubernetes names the services of a namespace to each of its containers. */
const SERVICE_LINK =
  /_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/;
const SERVICE_ADDRESS = /^(?:tcp|udp|sctp):\/\//;

/** `FACADE_`, and what the four names of the pair have in common: `ACME_` of `ACME_OLD_URL`, `ACME_NEW_URL`, … */
export function ownPrefixes({ direct, gateway }: PairVariables): readonly string[] {
  const [first = '', ...others] = [direct.url, direct.token, gateway.url, gateway.token];
  const common = first.slice(0, first.indexOf('_') + 1);
  const isShared = common !== '' && others.every((name) => name.startsWith(common));
  return isShared ? [ENGINE_PREFIX, common] : [ENGINE_PREFIX];
}

/**
 * Each variable with one of our prefixes that nothing reads, as one line `NAME: what to do`.
 * @param known every variable that is read. @param table text of the rollout table, which may name further ones as `${NAME}`.
 */
export function unknownVariables(
  given: Variables,
  known: readonly string[],
  pair: PairVariables,
  table = '',
): readonly string[] {
  return ownNames(given, pair)
    .filter((name) => !known.includes(name) && !table.includes(`\${${name}}`))
    .map((name) => `${name}: ${unread(name, known)}`);
}

/**
 * Why a process without the direct side's base URL must not start on its sandbox; each line is `NAME: what to do`. Empty: it
 * may. What is in the environment means a real start: `DATABASE_URL=none` alone does not, as it names nothing.
 */
export function sandboxFaults(given: Variables, known: readonly string[], pair: PairVariables): readonly string[] {
  const { url } = pair.direct;
  if (isSet(given[url])) return [];
  if (given['NODE_ENV']?.trim() === 'production') {
    return [`${url}: is not set, and NODE_ENV=production never starts a sandbox; set ${url}`];
  }
  const named = ownNames(given, pair).filter((name) => name !== url);
  const database = given['DATABASE_URL']?.trim();
  if (database && database !== 'none') named.push('DATABASE_URL');
  return named.map((name) => {
    const problem = known.includes(name)
      ? `is set and ${url} is not; set ${url}, or unset ${name} to start the sandbox`
      : unread(name, known);
    return `${name}: ${problem}`;
  });
}

function unread(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  const remedy = meant === undefined ? 'remove it' : `did you mean ${meant}?`;
  return `is not read by anything; ${remedy}`;
}

const isSet = (value: string | undefined): boolean => (value ?? '').trim() !== '';

/** Those of our prefixes that are set; not what Kubernetes adds because a service is called like us. */
function ownNames(given: Variables, pair: PairVariables): string[] {
  const prefixes = ownPrefixes(pair);
  return Object.keys(given)
    .filter((name) => isSet(given[name]) && prefixes.some((prefix) => name.toUpperCase().startsWith(prefix)))
    .filter((name) => !SERVICE_LINK.test(name) && !SERVICE_ADDRESS.test(given[name] ?? ''))
    .sort();
}
