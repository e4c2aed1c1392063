import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import type { EvidenceRow, ParityBook, ParitySettings } from '../../../../src/facade/compare/book.ts';
import type { PathAnswer } from '../../../../src/facade/compare/comparison.ts';
import { paritySettings, rulesOf } from '../../../../src/facade/compare/parity-settings.ts';
import type { CompiledRules } from '../../../../src/facade/compare/rules.ts';
import type { Path } from '../../../../src/facade/rollout/route.ts';
import { compileRoutes } from '../../../../src/facade/rollout/compile.ts';
import { configOf, withRows } from '../config/support.ts';

/** 2026-11-24, noon. */
export const NOON = Date.UTC(2026, 10, 24, 12);

const LEADS_GET = `id: leads.get
direct: GET /integration/leads/:leadId
gateway: GET /leads/:leadId
rollout: { gateway: 0 }`;

/** A write that is read back, and the route to read it by. */
export const READ_BACK = `id: leads.messages.create
direct: POST /integration/leads/:leadId/create_message
gateway: POST /leads/:leadId/messages
rollout: { gateway: 0 }
body: { fields: { message: { direct: body, type: string, required: true } } }
verify: { read: leads.read, fields: { message: "$.data.messages[*].body" } }`;
export const READ_LEAD = 'id: leads.read\ndirect: GET /integration/leads/:leadId\nrollout: { gateway: 0 }';

export interface Ruled {
  readonly rules: CompiledRules;
  readonly settings: ParitySettings;
}

/** The rules of the first route, with what is written under its `compare:`, and with top-level parts. */
export function ruled(compare = '', parts = '', row = LEADS_GET, ...others: string[]): Ruled {
  const own = compare === '' ? '' : `\ncompare:\n${compare.replaceAll(/^/gm, '  ')}`;
  const config = configOf(`${parts}\n${withRows(`${row}${own}`, ...others)}`);
  const [rules] = rulesOf(config, compileRoutes(config, CONTACT2SALE));
  return { rules: rules as CompiledRules, settings: paritySettings(config) };
}

export const rulesWith = (compare = '', parts = '') => ruled(compare, parts).rules;

export interface AnswerParts extends Partial<Omit<PathAnswer, 'body' | 'rawHeaders'>> {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** 200 and JSON, unless it says otherwise. */
export function answer({ headers = {}, body = '{}', ...parts }: AnswerParts = {}): PathAnswer {
  const named = { 'content-type': 'application/json', ...headers };
  return {
    path: 'direct',
    status: 200,
    rawHeaders: Object.entries(named).flatMap(([name, value]) => [Buffer.from(name), Buffer.from(value)]),
    body: Buffer.from(body),
    isComplete: true,
    ms: 20,
    failure: undefined,
    ...parts,
  };
}

export const json = (value: unknown, path: Path = 'direct'): PathAnswer =>
  answer({ path, body: JSON.stringify(value) });

/** Makes a book without a store forget a route. */
export function forget(book: ParityBook, route: string, now: number): void {
  book.absorb([book.forgetting(route, now) as EvidenceRow]);
}
