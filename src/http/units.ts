import { z } from 'zod';

/**
 * Units that an operator writes in the config file: durations (`250ms`, `25s`, `30m`, `1h`) and sizes (`64KiB`, `1MiB`).
 * A bare number is refused on purpose: nobody remembers whether a timeout was in seconds or milliseconds.
 */

const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const BYTES = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 } as const;

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const SIZE = /^([1-9]\d*)(B|KiB|MiB|GiB)$/;

/** Above 2^31−1 ms (24.8 days) setTimeout fires at once; a day is more than any limit here needs. */
const MAX_DURATION_MS = MILLISECONDS.h * 24;

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

/** The shortest way to write a duration, for messages: `25000` → `25s`, `90000` → `90s`. */
export function durationText(ms: number): string {
  const unit =
    (['h', 'm', 's'] as const).find((name) => ms >= MILLISECONDS[name] && ms % MILLISECONDS[name] === 0) ?? 'ms';
  return `${ms / MILLISECONDS[unit]}${unit}`;
}

/**
 * A duration as an operator writes it; milliseconds once it is parsed. The JSON Schema for editors is made of the input
 * side, and shows the text to type. A default is given as text too, by `prefault`.
 */
export const duration = (description: string) =>
  z
    .string({ error: 'write a duration as text with a unit, such as 250ms, 25s, 30m or 1h' })
    .regex(DURATION, { error: 'write a number and a unit, such as 250ms, 25s, 30m or 1h', abort: true })
    .transform(parseDuration)
    .refine((ms) => ms <= MAX_DURATION_MS, 'write at most 24h')
    .describe(description);

/** Like {@link duration}, where nothing at all would mean "fail always": `0s` is refused. */
export const positiveDuration = (description: string) =>
  duration(description)
    .refine((ms) => ms >= 1, 'write at least 1ms')
    .describe(description);

/** Like {@link positiveDuration}, with a limit of its own. */
export const durationUpTo = (max: string, description: string) =>
  positiveDuration(description)
    .refine((ms) => ms <= parseDuration(max), `write at most ${max}`)
    .describe(description);

/** A size as an operator writes it, like {@link duration}; bytes once it is parsed. */
export const size = (description: string) =>
  z
    .string({ error: 'write a size as text with a unit, such as 64KiB or 1MiB' })
    .regex(SIZE, 'write a whole number and a unit, such as 64KiB or 1MiB')
    .transform(parseSize)
    .describe(description);
