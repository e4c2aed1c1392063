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
