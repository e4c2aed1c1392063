/**
 * What a translation comes to. `untranslatable` is no error of the caller: the request then takes the path that
 * understands it as sent. The reason goes to logs and labels, so it is one of few fixed phrases, at most with the name
 * of a field from the route table; what the caller wrote (unknown names and values alike) never gets into it.
 */
export type Conversion<T> =
  { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'untranslatable'; readonly reason: string };

export const ok = <T>(value: T): Conversion<T> => ({ kind: 'ok', value });

export const untranslatable = (reason: string): Conversion<never> => ({ kind: 'untranslatable', reason });
