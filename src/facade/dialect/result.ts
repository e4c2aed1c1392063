/**
 * What a conversion comes to. `untranslatable` is no error of the caller: the request then takes the path that
 * carries it as it is. The reason is fixed text and may be logged. The field is the caller's own word: it is told to
 * the caller and to an operator who asks about the request, and never logged.
 */
export interface Untranslatable {
  readonly kind: 'untranslatable';
  readonly reason: string;
  /** Name of the body's field, the query parameter or the header, as the caller wrote it. Undefined: the request as a whole. */
  readonly field?: string | undefined;
}

export type Conversion<T> = { readonly kind: 'ok'; readonly value: T } | Untranslatable;

export const ok = <T>(value: T): Conversion<T> => ({ kind: 'ok', value });

export const untranslatable = (reason: string, field?: string): Untranslatable => ({
  kind: 'untranslatable',
  reason,
  field,
});

/** A name is the caller's, and as long as the caller likes. */
const MAX_FIELD_CHARS = 100;

/** The reason with the name of the field, as JSON writes it: `unknown field "phone"`. */
export function describeLoss({ reason, field }: Pick<Untranslatable, 'reason' | 'field'>): string {
  return field === undefined ? reason : `${reason} ${JSON.stringify(field.slice(0, MAX_FIELD_CHARS))}`;
}
