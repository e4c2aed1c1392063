import { randomInt } from 'node:crypto';
import pc from 'picocolors';
import { visibleLines } from '../../http/visible.ts';
import type { Io } from './io.ts';

/**
 * What comes out of the command line: colours of ours, and nothing else that steers a terminal. A colour is marked with
 * three numbers that this process draws, in the form of a colour sequence, so that tables measure it as one. On the way
 * out a marked sequence becomes the colour, and any other control is written out: a colour that an upstream or an admin
 * API sent could hide text.
 */

/** Three numbers, and the colour. */
const COLOUR = /\x1b\[((?:\d{4};){3})(\d{1,2})m/g;
const NAMES = ['bold', 'dim', 'red', 'green', 'yellow'] as const;
export type Style = Readonly<Record<(typeof NAMES)[number], (text: string) => string>>;

const same = (text: string): string => text;
export const PLAIN: Style = { bold: same, dim: same, red: same, green: same, yellow: same };

export interface PaintedIo extends Io {
  readonly style: Style;
  /** As it may reach the terminal; `out`, `err` and `ask` do it by themselves. */
  readonly shown: (text: string) => string;
}

/** @param draw four digits, which nobody may foresee: terminal libraries measure parameters of up to four. */
export function painted(io: Io, draw = () => randomInt(1_000, 10_000)): PaintedIo {
  const mark = `${draw()};${draw()};${draw()};`;
  const shown = (text: string): string => {
    let out = '';
    let end = 0;
    for (const { 0: sequence, 1: own, 2: colour, index } of text.matchAll(COLOUR)) {
      if (own !== mark) continue;
      out += `${visibleLines(text.slice(end, index))}\x1b[${colour}m`;
      end = index + sequence.length;
    }
    return out + visibleLines(text.slice(end));
  };
  const colours = pc.createColors(io.colour);
  const styles = NAMES.map((name) => {
    const [begin = '', end = ''] = colours[name](' ').replaceAll('\x1b[', `\x1b[${mark}`).split(' ');
    return [name, (text: string) => `${begin}${text}${end}`];
  });
  return {
    ...io,
    style: Object.fromEntries(styles) as Style,
    shown,
    out: (text) => io.out(shown(text)),
    err: (text) => io.err(shown(text)),
    ask: (question) => io.ask(shown(question)),
  };
}
