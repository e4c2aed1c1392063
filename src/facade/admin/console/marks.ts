import type { HistoryLine, TimelineJson } from './model.ts';
import { changeWords } from './words.ts';

/** What happened to a route, to be marked in its plots. */

export interface Mark {
  /** Seconds since 1970. */
  readonly at: number;
  /** Where it is a span: seconds since 1970. */
  readonly until?: number;
  readonly kind: 'flip' | 'kill-switch' | 'breaker';
  readonly text: string;
}

const PATHS = ['direct', 'gateway'] as const;

export function flipMarks(lines: readonly HistoryLine[]): Mark[] {
  return lines.map((line) => {
    const at = new Date(line.at).getTime() / 1_000;
    return line.kind === 'kill-switch'
      ? { at, kind: 'kill-switch', text: `kill switch ${line.to ? 'on' : 'off'} by ${line.who}` }
      : { at, kind: 'flip', text: `${changeWords(line)} by ${line.who}` };
  });
}

/** Spans in which a breaker was not closed. */
export function breakerMarks(timeline: TimelineJson | undefined, now: number): Mark[] {
  if (!timeline) return [];
  const { at, step, paths } = timeline;
  return PATHS.flatMap((path) => {
    const marks: Mark[] = [];
    let begin: number | undefined;
    paths[path].breaker.forEach((level, i) => {
      const isShut = level !== null && level > 0;
      if (isShut) begin ??= (at[i] as number) - step;
      if (begin === undefined || (isShut && i < at.length - 1)) return;
      marks.push({
        at: begin,
        until: isShut ? now : at[i],
        kind: 'breaker',
        text: `breaker of ${path} not closed`,
      });
      begin = undefined;
    });
    return marks;
  });
}
