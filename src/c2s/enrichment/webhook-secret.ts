import type { IncomingHttpHeaders } from 'node:http';
import { isSecret } from './secret.ts';

/**
 * The secrets that the head of a push shows: in the header `X-Webhook-Token`, as the last part of the path, or in the query
 * (`token`, `secret`; `google_key` for Google Ads). Read here alone, so that the connection that is judged before Express
 * sees it and the endpoint cannot come to two answers.
 */

export const SECRET_PLACES = ['header', 'path', 'query', 'body'] as const;
/** `body`: Google's `google_key`, which a head does not hold. */
export type SecretPlace = (typeof SECRET_PLACES)[number];

export interface ShownSecret {
  readonly place: SecretPlace;
  readonly secret: string;
}

export const WEBHOOKS = ['c2s', 'google-ads'] as const;
export type Webhook = (typeof WEBHOOKS)[number];

/** What was judged of a push: where it showed the secret, that it showed none and was taken or had to wait, or a wrong one. */
export const JUDGED_PUSHES = [...SECRET_PLACES, 'unsigned', 'limited', 'refused'] as const;
export type JudgedPush = (typeof JUDGED_PUSHES)[number];

const QUERY_NAMES: Readonly<Record<Webhook, readonly string[]>> = {
  c2s: ['token', 'secret'],
  'google-ads': ['google_key'],
};

const ORIGIN = /^https?:\/\/[^/?#]*/i;
const PUSH = /^\/api\/v1\/webhooks\/(c2s|google-ads)(?:\/([^/?#]*))?\/?(?:[?#]|$)/;

/**
 * Every secret of the head, the most trusted place first; none for what is not the address of a push. An empty one counts:
 * it was meant to be one.
 * @param url as it stands in the request line
 */
export function shownSecrets(url: string, headers: IncomingHttpHeaders): readonly ShownSecret[] {
  const target = url.replace(ORIGIN, '');
  const [, webhook, part = ''] = PUSH.exec(target) ?? [];
  if (webhook === undefined) return [];
  const header = headers['x-webhook-token'];
  const inHeader = webhook === 'c2s' && header !== undefined ? [header].flat() : [];
  const inPath = webhook === 'c2s' && part !== '' ? [decoded(part)] : [];
  return [
    ...inHeader.map((secret) => ({ place: 'header' as const, secret })),
    ...inPath.map((secret) => ({ place: 'path' as const, secret })),
    ...inQuery(target, QUERY_NAMES[webhook as Webhook]).map((secret) => ({ place: 'query' as const, secret })),
  ];
}

/**
 * The place of the secret in a head that shows it. Undefined: it shows none, or a wrong one, be it beside the right one.
 * @param secret undefined: none is set.
 */
export function rightPlace(shown: readonly ShownSecret[], secret: string | undefined): SecretPlace | undefined {
  const isRight = secret !== undefined && shown.every((one) => isSecret(one.secret, secret));
  return isRight ? shown[0]?.place : undefined;
}

/** The webhook of an address; undefined: it is not the address of a push. */
export const webhookOf = (url: string): Webhook | undefined =>
  PUSH.exec(url.replace(ORIGIN, ''))?.[1] as Webhook | undefined;

function inQuery(target: string, names: readonly string[]): readonly string[] {
  const at = target.indexOf('?');
  if (at < 0) return [];
  const query = new URLSearchParams(target.slice(at + 1));
  return names.flatMap((name) => query.getAll(name));
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
