import { z } from 'zod';

/** An address longer than this cannot be delivered to (RFC 5321, 4.5.3.1.3), so nobody is known by it. */
const MAX_EMAIL_LENGTH = 254;

/**
 * The address as Diretrix is asked for it: trimmed, in lower case, without `mailto:` and angle brackets, which CRM
 * forms let through. Undefined when it is no address.
 */
export function normaliseEmail(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const [, inBrackets] = /<([^<>]*)>\s*$/.exec(value) ?? [];
  const address = (inBrackets ?? value)
    .trim()
    .replace(/^mailto:/i, '')
    .toLowerCase();
  return address.length <= MAX_EMAIL_LENGTH && z.email().safeParse(address).success ? address : undefined;
}

/** Characters of a field that are looked at: two of the longest addresses. */
const MAX_FIELD_LENGTH = 600;

/** The addresses of a field, each once, as {@link normaliseEmail} has them: `ana@example.com; ana@example.org` holds two. */
export function emailsIn(field: unknown): readonly string[] {
  if (typeof field !== 'string') return [];
  const whole = normaliseEmail(field);
  if (whole !== undefined) return [whole];
  const pieces = field.slice(0, MAX_FIELD_LENGTH).split(/[\s,;|/]+/);
  return [...new Set(pieces.map(normaliseEmail).filter((email) => email !== undefined))];
}
