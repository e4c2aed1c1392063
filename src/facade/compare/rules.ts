import { createHash } from 'node:crypto';
import type { KnownDifferenceConfig } from '../config/schema.ts';
import type { RouteModel } from '../rollout/route.ts';
import type { Difference } from './comparison.ts';

/** An entry of the ledger: a difference that somebody answers for until a day. */
export interface KnownDifference {
  readonly path: string;
  readonly kind: Difference['kind'];
  readonly why: string;
  readonly owner: string;
  /** Milliseconds since the epoch: from then on it is a mismatch again. */
  readonly expires: number;
}

/** What the comparison is told of a route; compiled once per reload. */
export interface CompiledRules {
  readonly route: RouteModel;
  readonly known: readonly KnownDifference[];
  /** That a body may unpack to. */
  readonly maxBodyBytes: number;
  /** Names the rules: evidence that was gathered under others is not counted. The ledger is not part of it. */
  readonly fingerprint: string;
}

/**
 * @param ledger of all routes; the entries of this one are taken
 * @param maxBodyBytes that an answer may unpack to
 */
export function compileRules(
  route: RouteModel,
  ledger: readonly KnownDifferenceConfig[],
  maxBodyBytes: number,
): CompiledRules {
  const known = ledger
    .filter((entry) => entry.route === route.id)
    .map(({ path, kind, why, owner, expires }) => ({ path, kind, why, owner, expires: Date.parse(expires) }));
  return { route, known, maxBodyBytes, fingerprint: fingerprintOf(route) };
}

/** The entry that knows a difference, expired or not. */
export function entryFor(
  known: readonly KnownDifference[],
  { path, kind }: Pick<Difference, 'path' | 'kind'>,
): KnownDifference | undefined {
  return known.find((entry) => entry.path === path && entry.kind === kind);
}

/** Does the ledger cover it today? */
export function isKnown(known: readonly KnownDifference[], difference: Difference, now: number): boolean {
  const entry = entryFor(known, difference);
  return entry !== undefined && now < entry.expires;
}

function fingerprintOf({ compare, direct, gateway, success }: RouteModel): string {
  const { ignore, headers, tolerate, unordered } = compare;
  const rules = { ignore, headers, tolerate, unordered, endpoints: [direct[0], gateway[0]], success };
  return createHash('sha256').update(JSON.stringify(rules)).digest('hex').slice(0, 12);
}
