import { Decimal } from './decimal.ts';
import { instantIn } from './instant.ts';
import { isObject, type JsonValue } from './json-value.ts';
import { nameOf } from './shape.ts';

/**
 * Two documents without their data, and with the same differences. One redactor serves both documents of a pair, so
 * that what was equal stays equal and what differed still differs:
 * - a text becomes `text-7`, the same for the same text; an empty one stays empty;
 * - a number, and a text that repeats a number of the same place (`5` and `"5"`), is moved by an amount that is secret
 *   and the place's own, so that distances, and with them tolerances, stay;
 * - a timestamp is moved by whole days, secret too, and keeps its spelling and its time of day;
 * - keys that may be somebody's become `{key-3}`; true, false and null say nothing and stay.
 */
export class Redactor {
  readonly #random: () => number;
  readonly #texts = new Map<string, string>();
  readonly #keys = new Map<string, string>();
  readonly #offsets = new Map<string, bigint>();
  /** Numbers by place: `path number`. */
  readonly #numbers = new Set<string>();
  readonly #days: number;

  /** @param random 0 ≤ n < 1 */
  constructor(random: () => number) {
    this.#random = random;
    this.#days = 1_000 + Math.floor(random() * 20_000);
  }

  /** Both documents as JSON texts; undefined for one that is no JSON. */
  redact(
    control: JsonValue | undefined,
    candidate: JsonValue | undefined,
  ): [control: string | undefined, candidate: string | undefined] {
    const both = [control, candidate];
    for (const value of both) if (value !== undefined) this.#noteNumbers(value, '');
    const [a, b] = both.map((value) => (value === undefined ? undefined : this.#write(value, '')));
    return [a, b];
  }

  /** For what is no JSON: the same for the same text. */
  text(text: string): string {
    return named(this.#texts, text, (n) => `text-${n}`);
  }

  #noteNumbers(value: JsonValue, path: string): void {
    if (value instanceof Decimal) this.#numbers.add(`${path} ${value.text}`);
    else if (Array.isArray(value)) for (const item of value) this.#noteNumbers(item, `${path}/*`);
    else if (isObject(value)) {
      for (const [name, inner] of Object.entries(value)) this.#noteNumbers(inner, `${path}/${nameOf(name)}`);
    }
  }

  #write(value: JsonValue, path: string): string {
    if (value instanceof Decimal) return this.#moved(value, path);
    if (typeof value === 'string') return JSON.stringify(this.#writtenText(value, path));
    if (Array.isArray(value)) return `[${value.map((item) => this.#write(item, `${path}/*`)).join()}]`;
    if (!isObject(value)) return JSON.stringify(value);
    const members = Object.entries(value).map(([name, inner]) => {
      const shown = nameOf(name) === name ? name : named(this.#keys, name, (n) => `{key-${n}}`);
      return `${JSON.stringify(shown)}:${this.#write(inner, `${path}/${nameOf(name)}`)}`;
    });
    return `{${members.join()}}`;
  }

  #writtenText(text: string, path: string): string {
    if (text === '') return '';
    const { text: number } = Decimal.of(text);
    if (this.#numbers.has(`${path} ${number}`)) return this.#moved(new Decimal(number), path);
    return instantIn(text) === undefined ? this.text(text) : moveDate(text, this.#days);
  }

  /** The number plus the place's offset, digit by digit: a double would lose some. */
  #moved(number: Decimal, path: string): string {
    let offset = this.#offsets.get(path);
    if (offset === undefined) {
      // Nine digits, none of them a trailing zero, so that the result has as many places as the number had.
      offset = BigInt(100_000_001 + 10 * Math.floor(this.#random() * 80_000_000));
      this.#offsets.set(path, offset);
    }
    const [digits = '0', power = '0'] = number.text.split('e');
    const exponent = Number(power);
    // 1e400 is no amount of anything; it must only stay another number than its neighbours.
    if (Math.abs(exponent) > 300) return `${1_000 + Number(named(this.#texts, number.text, String))}`;
    if (exponent >= 0) return String(BigInt(digits) * 10n ** BigInt(exponent) + offset);
    const moved = BigInt(digits) + offset * 10n ** BigInt(-exponent);
    return `${moved}e${exponent}`;
  }
}

/** The name of a text: a new one gets the next number. */
function named(names: Map<string, string>, text: string, make: (n: number) => string): string {
  let name = names.get(text);
  if (name === undefined) names.set(text, (name = make(names.size + 1)));
  return name;
}

/** The date moved back by days; the rest of the text stays. */
function moveDate(text: string, days: number): string {
  const date = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() - days);
  return `${date.toISOString().slice(0, 10)}${text.slice(10)}`;
}
