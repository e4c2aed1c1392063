/** A timestamp that may be spelled in another way, and may be off by a little. */
export class Instant {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Milliseconds by which another instant may differ and still count as the same. */
  readonly tolerance: number;

  constructor(at: number, tolerance: number) {
    this.at = at;
    this.tolerance = tolerance;
  }

  equals(other: Instant): boolean {
    return Math.abs(this.at - other.at) <= Math.max(this.tolerance, other.tolerance);
  }
}

/** ISO 8601 as APIs write it: `T` or a space, seconds and fraction optional, a zone always. */
const ISO = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?([Zz]|[+-]\d{2}:?\d{2}|UTC)$/;

/** Milliseconds since the epoch; undefined for what is no instant. A timestamp without a zone is none: nobody knows when it was. */
export function instantIn(text: string): number | undefined {
  // The shortest is 2026-01-31T10:00Z; a longer one than this is no timestamp, and not worth a regular expression.
  if (text.length < 17 || text.length > 40) return undefined;
  const parts = ISO.exec(text);
  if (!parts) return undefined;
  const [, date, minutes, seconds = '00', fraction = '', zone = ''] = parts;
  const offset = /^(?:z|utc)$/i.test(zone) ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  const at = Date.parse(`${date}T${minutes}:${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`);
  return Number.isNaN(at) ? undefined : at;
}
