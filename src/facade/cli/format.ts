/** Numbers as people read them: short, with a unit, the same width of meaning everywhere. */

/** `12 %`, `0.25 %`. @param value 0..100 */
export const percent = (value: number) => `${Number(value.toFixed(2))} %`;

/** Share of a whole as a percentage; `–` where there is no whole. */
export function share(part: number, whole: number): string {
  if (whole === 0) return '–';
  const value = (part / whole) * 100;
  return value > 0 && value < 0.1 ? '<0.1 %' : `${Number(value.toFixed(1))} %`;
}

/** `3.2 ms`, `1.25 s`; `–` for null. @param value milliseconds */
export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (value >= 999.5) return `${Number((value / 1000).toPrecision(3))} s`;
  return `${Number(value.toPrecision(value < 10 ? 2 : 3))} ms`;
}

/** Requests a second from the count of a minute: `0.05`, `3.2`, `140`. */
export function perSecond(perMinute: number): string {
  if (perMinute === 0) return '0';
  const rate = perMinute / 60;
  return rate >= 100 ? String(Math.round(rate)) : String(Number(rate.toPrecision(2)));
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** `12s ago`, `3d ago`. @param from anything that Date reads. @param now milliseconds since the epoch */
export function ago(from: string | number | undefined | null, now: number): string {
  if (from === undefined || from === null) return 'never';
  const ms = now - new Date(from).getTime();
  if (Number.isNaN(ms)) return 'never';
  if (ms < 1_000) return 'just now';
  const [unit, length] = UNITS.find(([, length]) => ms >= length) ?? UNITS[3];
  return `${Math.floor(ms / length)}${unit} ago`;
}

/** `2026-11-24 15:04:05Z`: sorts, and says its zone. */
export function instant(value: string | number): string {
  const date = new Date(value);
  return Number.isNaN(date.getTime())
    ? String(value)
    : date
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/, 'Z');
}

/** `1 route`, `3 routes`. */
export const count = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`;
