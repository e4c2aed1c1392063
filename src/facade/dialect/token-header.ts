import type { ApiPair, TokenHeader } from '../rollout/api-pair.ts';

/** The header by which a token is shown to one side: name and value. */
export type ShownToken = readonly [name: string, value: string];

/** Undefined without a token. */
export function showToken({ name, prefix }: TokenHeader, token: string | undefined): ShownToken | undefined {
  return token === undefined ? undefined : [name, prefix + token];
}

/** Every header, in lower case, in which a caller may show a token: those of both sides, and Authorization (RFC 9110 11.6.2). */
export function tokenHeaderNames({ tokens }: Pick<ApiPair, 'tokens'>): ReadonlySet<string> {
  const { direct, gateway } = tokens;
  return new Set(['authorization', direct.name, ...direct.aliases, gateway.name, ...gateway.aliases]);
}
