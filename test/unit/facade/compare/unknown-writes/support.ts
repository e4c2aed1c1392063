import type { IncomingMessage } from 'node:http';
import { CONTACT2SALE } from '../../../../../src/c2s/pair/contact2sale.ts';
import type { InboundRequest } from '../../../../../src/facade/forward/exchange.ts';
import { compileRoutes } from '../../../../../src/facade/rollout/compile.ts';
import type { Dialect } from '../../../../../src/facade/rollout/api-pair.ts';
import type { UnknownWrite } from '../../../../../src/facade/store/unknown-write.ts';
import { configOf, withRows } from '../../config/support.ts';
import { NOON, READ_BACK, READ_LEAD } from '../support.ts';

export interface AskedParts {
  readonly params?: readonly string[];
  readonly caller?: string | undefined;
  readonly dialect?: Dialect;
  /** Members of the route beside those of READ_BACK. */
  readonly row?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const raw = (headers: Readonly<Record<string, string>>): string[] => Object.entries(headers).flat();

/** A message to a lead, as the data plane hands it on. */
export function askedOf(parts: AskedParts = {}): InboundRequest {
  const { params = ['42'], dialect = 'gateway', row = READ_BACK, path = '/leads/42/messages', headers = {} } = parts;
  const caller = 'caller' in parts ? parts.caller : 'abcdefabcdef';
  const [model] = compileRoutes(configOf(withRows(row, READ_LEAD)), CONTACT2SALE);
  if (!model) throw new Error('no route');
  const endpoint = model[dialect][0];
  const all = { 'content-type': 'application/json', 'content-length': '2', ...headers };
  return {
    req: { method: 'POST', headers: all, rawHeaders: raw(all) } as unknown as IncomingMessage,
    target: { raw: path, path, query: '' },
    match: { route: { model }, endpoint, params, dialect },
    caller: caller && { id: caller, bucket: 1 },
    requestId: 'r-1',
  } as unknown as InboundRequest;
}

export function writeOf(parts: Partial<UnknownWrite> = {}): UnknownWrite {
  return {
    id: 'one',
    at: new Date(NOON),
    route: 'leads.messages.create',
    method: 'POST',
    template: '/leads/:leadId/messages',
    params: ['42'],
    dialect: 'gateway',
    caller: 'abcdefabcdef',
    requestId: 'r-1',
    path: 'gateway',
    outcome: 'upstream_respond',
    status: 502,
    cause: 'upstream',
    shape: {},
    checks: null,
    state: 'open',
    why: null,
    missing: [],
    looks: 0,
    nextLookAt: new Date(NOON),
    settlement: null,
    ...parts,
  };
}
