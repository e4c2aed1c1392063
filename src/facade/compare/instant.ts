/** A timestamp that may be spelled in another way, and may be off by a little. */
export class Instant {
  /** Milliseconds since the epoch, whole. */
  readonly at: number;
  /** Nanoseconds beyond them, 0 to 999,999: no double holds both. */
  readonly nanos: number;
  /** Milliseconds by which another instant may differ and still count as the same. */
  readonly tolerance: number;

  constructor({ at, nanos }: Pick<Instant, 'at' | 'nanos'>, tolerance: number) {
    this.at = at;
    this.nanos = nanos;
    this.tolerance = tolerance;
  }

  equals(other: Instant): boolean {
    const tolerance = Math.max(this.tolerance, other.tolerance);
    const [ms, nanos] = [this.at - other.at, this.nanos - other.nanos];
    // Far apart, digits are lost in the sum, and do not matter.
    return Math.abs(ms * NANOS_IN_A_MS + nanos) <= tolerance * NANOS_IN_A_MS;
  }

  /** One text for equal instants. */
  get text(): string {
    return `@${this.at}.${this.nanos}`;
  }
}

const NANOS_IN_A_MS = 1_000_000;

/** ISO 8601 as APIs write it: `T` or a space, seconds and fraction optional, a zone always (`+00` as Postgres writes it). */
const ISO = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?([Zz]|[+-]\d{2}(?::?\d{2})?|UTC)$/;

/** Undefined for what is no instant. A timestamp without a zone is none: nobody knows when it was. */
export function instantIn(text: string): Pick<Instant, 'at' | 'nanos'> | undefined {
  // The shortest is 2026-01-31T10:00Z; a longer one than this is no timestamp, and not worth a regular expression.
  if (text.length < 17 || text.length > 40) return undefined;
  const parts = ISO.exec(text);
  if (!parts) return undefined;
  const [, date, minutes, seconds = '00', fraction = '', zone = ''] = parts;
  const digits = fraction.padEnd(9, '0');
  const at = Date.parse(`${date}T${minutes}:${seconds}.${digits.slice(0, 3)}${offsetOf(zone)}`);
  return Number.isNaN(at) ? undefined : { at, nanos: Number(digits.slice(3)) };
}

function offsetOf(zone: string): string {
  if (/^(?:z|utc)$/i.test(zone)) return 'Z';
  return `${zone.slice(0, 3)}:${zone.length > 3 ? zone.slice(-2) : '00'}`;
}
