import { createHmac } from 'node:crypto';

/** Name of the header that holds the signature and its time. */
export const SIGNATURE_HEADER = 'x-facade-signature';

/** `t=1764518946,v1=<hex>`: HMAC-SHA256 of `t.body`. @param at milliseconds since 1970; a receiver refuses old ones. */
export function signatureOf(body: string, secret: string, at: number): string {
  const seconds = Math.floor(at / 1_000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}
