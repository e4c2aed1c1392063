import { showToken } from '../dialect/token-header.ts';
import type { ApiPair } from '../rollout/api-pair.ts';
import type { Path } from '../rollout/route.ts';
import type { Caller } from './callers.ts';
import type { Credentials, RequestRules } from './headers.ts';

/** The tokens that the facade shows in a caller's place. */
export interface OwnTokens {
  readonly directToken: string | undefined;
  /** Undefined: the gateway asks for none. */
  readonly gatewayToken: string | undefined;
}

/**
 * What each path is shown. Direct: a stranger's own, so that the API itself says 401; of a known caller that side's
 * token, written once and by the facade, however the caller wrote its own. Gateway: never the caller's, which is the
 * other side's business, but the facade's own key.
 */
export function credentialsFor(
  tokens: ApiPair['tokens'],
  { directToken, gatewayToken }: OwnTokens,
  rules: RequestRules,
): Readonly<Record<Path, (caller: Caller | undefined) => Credentials>> {
  const asSent: Credentials = { keep: true, sent: undefined, rules };
  const ours: Credentials = { keep: false, sent: showToken(tokens.direct, directToken), rules };
  const sentToGateway = showToken(tokens.gateway, gatewayToken);
  const gateway: Credentials = { keep: false, sent: sentToGateway, rules, dropOrigin: true };
  return { direct: (caller) => (caller ? ours : asSent), gateway: () => gateway };
}
