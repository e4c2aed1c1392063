import { stripVTControlCharacters } from 'node:util';

/**
 * The whole terminal, for a while: on its alternate screen, so that what stood there before comes back. A frame is
 * written over the last one line by line and never cleared first, which is what would flicker. However the process
 * ends (a key, a signal, an error), the terminal is given back as it was.
 */

export interface Frame {
  /** Stays where it is. */
  readonly head: readonly string[];
  /** Scrolls under it. */
  readonly body: readonly string[];
}

interface Screen {
  readonly isOpen: boolean;
  /** Lines that are too long are cut; of the body as many lines are shown as fit, from where it was scrolled to. */
  show(frame: Frame): void;
  close(): void;
}

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const REST_OF_LINE = '\x1b[K';
const REST_OF_SCREEN = '\x1b[J';
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Where the terminal does not say its size. */
const ROWS = 24;
export const columnsOf = ({ columns }: { readonly columns: number }) => columns || 80;

/** @param onQuit q or Ctrl-C was pressed; the screen is closed already. */
export function openScreen(onQuit: () => void): Screen {
  const { stdin, stdout } = process;
  let isOpen = true;
  let last: Frame = { head: [], body: [] };
  let offset = 0;
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    process.off('exit', close);
    stdout.off('resize', redraw);
    stdin.off('data', onKey).pause();
    if (stdin.isTTY) stdin.setRawMode(false);
    stdout.write(LEAVE);
  };
  const show = (frame: Frame): void => {
    if (!isOpen) return;
    last = frame;
    const [rows, columns] = [stdout.rows || ROWS, columnsOf(stdout)];
    const view = scrolled(frame, rows, offset);
    offset = view.offset;
    const cut = view.lines.map((line) => fitted(line, columns));
    const rest = cut.length < rows ? `\r\n${REST_OF_SCREEN}` : '';
    // One write, so that no half of a frame is ever seen.
    stdout.write(HOME + cut.join('\r\n') + rest);
  };
  const redraw = (): void => show(last);
  const onKey = (keys: Buffer): void => {
    // Whoever holds a key down sends several at once.
    for (const [key] of keys.toString().matchAll(KEY)) {
      // In raw mode Ctrl-C is a key like any other.
      if (['q', 'Q', '\x03', '\x04'].includes(key)) {
        close();
        return onQuit();
      }
      offset += scrollOf(key, (stdout.rows || ROWS) - last.head.length - 1);
    }
    redraw();
  };
  stdout.write(ENTER);
  closeAtExit(close);
  stdout.on('resize', redraw);
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.on('data', onKey).resume();
  return {
    get isOpen() {
      return isOpen;
    },
    show,
    close,
  };
}

/** `exit` is passed on every way out, an uncaught error included. */
function closeAtExit(close: () => void): void {
  process.on('exit', close);
  for (const [signal, code] of Object.entries(SIGNALS)) {
    process.once(signal, () => {
      close();
      process.exit(code);
    });
  }
}

/** A sequence of a cursor key, or a letter. */
const KEY = /\x1b[[O]\d{0,2}[A-Z~]|[^]/g;
/** More than any table has. */
const END = 1_000_000;

/** By how many lines a key scrolls. @param page lines */
function scrollOf(key: string, page: number): number {
  const steps: Readonly<Record<string, number>> = {
    '\x1b[A': -1,
    '\x1bOA': -1,
    k: -1,
    '\x1b[B': 1,
    '\x1bOB': 1,
    j: 1,
    '\x1b[5~': -page,
    b: -page,
    '\x1b[6~': page,
    ' ': page,
    '\x1b[H': -END,
    g: -END,
    '\x1b[F': END,
    G: END,
  };
  return Object.hasOwn(steps, key) ? (steps[key] ?? 0) : 0;
}

/** What of a frame is seen on so many rows, and the offset within its bounds. A last line says where one is. */
export function scrolled(
  { head, body }: Frame,
  rows: number,
  offset: number,
): { readonly lines: readonly string[]; readonly offset: number } {
  const top = head.slice(0, rows);
  if (top.length + body.length <= rows) return { lines: [...top, ...body], offset: 0 };
  const room = Math.max(1, rows - top.length - 1);
  const first = Math.min(Math.max(0, offset), Math.max(0, body.length - room));
  const shown = body.slice(first, first + room);
  const place = `${first + 1} to ${first + shown.length} of ${body.length} lines · ↑ ↓ PgUp PgDn scroll`;
  return { lines: [...top, ...shown, place].slice(0, rows), offset: first };
}

/**
 * Too long a line loses its colours with its end: better plain than broken in the middle of a sequence. One that fills
 * the row has nothing behind it to wipe out, and the cursor stands on its last letter.
 */
function fitted(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  if (plain.length < columns) return line + REST_OF_LINE;
  return plain.length === columns ? line : plain.slice(0, columns);
}
