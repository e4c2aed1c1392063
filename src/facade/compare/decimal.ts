/**
 * JSON numbers by value and not by spelling: `1.0`, `1` and `10e-1` are one number, `12345678901234567890` and
 * `…891` are two, which a double cannot tell apart. `"1"` is no number at all.
 */
export class Decimal {
  /** The one spelling of this value: digits without zeros at either end, and an exponent: `15e-1`. */
  readonly text: string;
  /** Another number may differ by this much and still count as the same. */
  readonly tolerance: number | undefined;

  constructor(text: string, tolerance?: number) {
    this.text = text;
    this.tolerance = tolerance;
  }

  /** @param source as it stands in a JSON document. */
  static of(source: string): Decimal {
    return new Decimal(canonical(source));
  }

  /** The nearest double; digits may be lost. */
  valueOf(): number {
    return Number(this.text);
  }

  equals(other: Decimal): boolean {
    if (this.text === other.text) return true;
    const tolerance = this.tolerance ?? other.tolerance;
    // 1.1 − 1.0 is a little more than 0.1 in binary.
    return tolerance !== undefined && Math.abs(this.valueOf() - other.valueOf()) <= tolerance * (1 + 1e-9);
  }
}

const PARTS = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

function canonical(source: string): string {
  const parts = PARTS.exec(source);
  if (!parts) return source;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = withoutZerosAtEnd(digits);
  // −0 equals 0: what it may mean to a calculator it does not mean in a record.
  if (significant === '') return '0e0';
  const power = Number(exponent) - fraction.length + (digits.length - significant.length);
  // An exponent beyond what a double counts exactly is left as it was written.
  return Number.isSafeInteger(power) ? `${sign}${significant}e${power}` : source;
}

/** By hand: /0+$/ is quadratic in zeros that another digit ends, and an answer may hold half a million of them. */
function withoutZerosAtEnd(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}
