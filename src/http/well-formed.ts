/** How JSON writes what {@link wellFormed} takes out. An escaped backslash before a `u` looks the same. */
export const MAY_BE_ILL_FORMED = /\\u(?:0000|d[89a-f])/i;

/**
 * Text that every encoder and every database takes: without U+0000, which Postgres refuses, and with U+FFFD for half of
 * a surrogate pair, which UTF-8 cannot say and which would come back as another text than was stored.
 */
export const wellFormed = (text: string): string => text.replaceAll('\0', '').toWellFormed();
