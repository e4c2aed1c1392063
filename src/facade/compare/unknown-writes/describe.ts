import { randomUUID } from 'node:crypto';
import { guessTemplate } from '../../forward/discovery.ts';
import type { InboundRequest } from '../../forward/exchange.ts';
import type { UnknownEnd } from '../../forward/unknown-write-sink.ts';
import { announcesBody } from '../../../http/request-body.ts';
import { decisionOf, type Outcome } from '../../rollout/outcome.ts';
import type { UnknownWrite, UnknownWriteCause } from '../../store/unknown-write.ts';
import { checkedFields } from '../verify.ts';
import { bodyShape } from './body-shape.ts';
import type { ValueSeal } from './seal.ts';

/** What is kept of a write of unknown fate, and whether the facade can look by itself whether it arrived. */

export interface Describing {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly seal: ValueSeal;
}

/** Of a write that is about to be sent. @param underWayMs the longest that its process works on it. */
export function describeUnderWay(
  asked: InboundRequest,
  body: Buffer | undefined,
  { now, seal }: Describing,
  underWayMs: number,
): UnknownWrite {
  return {
    ...describeRequest(asked, body, seal),
    id: randomUUID(),
    at: new Date(now),
    path: 'direct',
    outcome: null,
    status: null,
    cause: 'facade',
    state: 'under_way',
    why: null,
    nextLookAt: new Date(now + underWayMs),
  };
}

export function describeEnd(
  asked: InboundRequest,
  { path, outcome, status, body }: UnknownEnd,
  { now, seal }: Describing,
  id: string = randomUUID(),
): UnknownWrite {
  const { model } = asked.match.route;
  const request = describeRequest(asked, body, seal);
  const why = whyNotLookedFor(asked, request, body);
  return {
    ...request,
    ...(why !== null && { checks: null }),
    id,
    at: new Date(now),
    path: model.servedAs[path],
    outcome,
    status: status === 0 ? null : status,
    cause: causeOf(outcome),
    state: why === null ? 'open' : 'cannot_tell',
    why,
    nextLookAt: why === null ? new Date(now + (model.verify?.afterMs ?? 0)) : null,
  };
}

type OfRequest = Pick<
  UnknownWrite,
  | 'route'
  | 'method'
  | 'template'
  | 'params'
  | 'dialect'
  | 'caller'
  | 'requestId'
  | 'shape'
  | 'checks'
  | 'missing'
  | 'looks'
  | 'settlement'
>;

function describeRequest(asked: InboundRequest, body: Buffer | undefined, seal: ValueSeal): OfRequest {
  const { req, match, caller, requestId, target } = asked;
  const { model } = match.route;
  const isClaimed = model.servedAs.direct === 'direct';
  const fields = body === undefined ? [] : checkedFields(model, body, match.dialect, (text) => seal.seal(text));
  return {
    route: model.id,
    method: req.method ?? '',
    template: isClaimed ? match.endpoint.template : guessTemplate(target.path),
    params: model.params.map((_, i) => idIn(match.params[i])),
    dialect: match.dialect,
    caller: caller?.id ?? null,
    requestId,
    shape: bodyShape(body, announcesBody(req)),
    checks: fields.length === 0 ? null : { keyId: seal.keyId, fields },
    missing: [],
    looks: 0,
    settlement: null,
  };
}

/**
 * A value of the path that is an id, as it is asked for: letters and digits, and of digits alone at most nine, since a phone
 * number or a CPF has more. Anything else may be a person's, and is not kept.
 */
const ID = /^(?=[\w-]*\d)(?![\d-]{10,}$)[\w-]{1,64}$/;

export const idIn = (value: string | undefined): string => (value !== undefined && ID.test(value) ? value : '');

/** Null: the facade can look. */
function whyNotLookedFor(
  { match, caller }: InboundRequest,
  { params, checks }: OfRequest,
  body: Buffer | undefined,
): string | null {
  const { verify } = match.route.model;
  if (!verify) return 'no_rule';
  // The credentials of others are not kept, so that nobody could read the record.
  if (!caller) return 'unknown_caller';
  if (body === undefined) return 'body_not_kept';
  if (params.includes('')) return 'no_id';
  return checks === null ? 'nothing_to_check' : null;
}

function causeOf(outcome: Outcome): UnknownWriteCause {
  const { party, delivery } = decisionOf(outcome);
  if (party === 'client') return 'caller';
  return delivery === 'answered' ? 'answered' : 'upstream';
}
