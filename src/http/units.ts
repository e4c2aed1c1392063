import { z } from 'zod';

/**
 * Units that an operator writes in the config file: durations (`250ms`, `25s`, `30m`, `1h`, `7d`) and sizes (`64KiB`, `1MiB`).
 * A bare number is refused on purpose: nobody remembers whether a timeout was in seconds or milliseconds.
 */

const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 } as const;

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const SIZE = /^([1-9]\d*)(B|KiB|MiB|GiB)$/;

/** Above 2^31−1 ms (24.8 days) setTimeout fires at once; a day is more than any limit here needs that a timer holds. */
const MAX_DURATION = '24h';

export const HOUR_MS = MILLISECONDS.h;

/** `"25s"` → 25000 (milliseconds). Throws on anything that the schema pattern would refuse. */
export function parseDuration(text: string): number {
  const parts = DURATION.exec(text);
  if (!parts) throw new RangeError(`not a duration: ${text}; write a number and a unit, such as 250ms, 25s, 30m or 1h`);
  return Math.round(Number(parts[1]) * MILLISECONDS[parts[2] as keyof typeof MILLISECONDS]);
}

/** `"1MiB"` → 1048576 (bytes). Throws on anything that the schema pattern would refuse. */
function parseSize(text: string): number {
  const parts = SIZE.exec(text);
  if (!parts) throw new RangeError(`not a size: ${text}; write a number and a unit, such as 64KiB or 1MiB`);
  return Number(parts[1]) * BYTES[parts[2] as keyof typeof BYTES];
}

/** The shortest way to write a duration, for messages: `25000` → `25s`, `90000` → `90s`; a day is `24h`, two are `2d`. */
export function durationText(ms: number): string {
  const fits = (name: keyof typeof MILLISECONDS) => ms >= MILLISECONDS[name] && ms % MILLISECONDS[name] === 0;
  const unit = ms > MILLISECONDS.d && fits('d') ? 'd' : ((['h', 'm', 's'] as const).find(fits) ?? 'ms');
  return `${ms / MILLISECONDS[unit]}${unit}`;
}

/**
 * A duration as an operator writes it; milliseconds once it is parsed. The JSON Schema for editors is made of the input
 * side, and shows the text to type. A default is given as text too, by `prefault`.
 */
export const duration = (description: string, max = MAX_DURATION) =>
  z
    .string({ error: 'write a duration as text with a unit, such as 250ms, 25s, 30m or 1h' })
    .regex(DURATION, { error: 'write a number and a unit, such as 250ms, 25s, 30m or 1h', abort: true })
    .transform(parseDuration)
    .refine((ms) => ms <= parseDuration(max), `write at most ${max}`)
    .describe(description);

/** Like {@link duration}, where nothing at all would mean "fail always": `0s` is refused. */
export const positiveDuration = (description: string, max = MAX_DURATION) =>
  duration(description, max)
    .refine((ms) => ms >= 1, 'write at least 1ms')
    .describe(description);

/** Like {@link positiveDuration}, with a limit of its own; one of more than 24 days must never become a timer. */
export const durationUpTo = (max: string, description: string) => positiveDuration(description, max);

/** A size as an operator writes it, like {@link duration}; bytes once it is parsed. */
export const size = (description: string) =>
  z
    .string({ error: 'write a size as text with a unit, such as 64KiB or 1MiB' })
    .regex(SIZE, 'write a whole number and a unit, such as 64KiB or 1MiB')
    .transform(parseSize)
    .describe(description);
