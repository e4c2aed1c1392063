import { stripVTControlCharacters } from 'node:util';

/**
 * The whole terminal, for a while: on its alternate screen, so that what stood there before comes back. A frame is
 * written over the last one line by line and never cleared first, which is what would flicker. However the process
 * ends (a key, a signal, an error), the terminal is given back as it was.
 */

interface Screen {
  readonly isOpen: boolean;
  /** Lines that do not fit are cut, in both directions. */
  show(lines: readonly string[]): void;
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
  let last: readonly string[] = [];
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    process.off('exit', close);
    stdout.off('resize', redraw);
    stdin.off('data', onKey).pause();
    if (stdin.isTTY) stdin.setRawMode(false);
    stdout.write(LEAVE);
  };
  const show = (lines: readonly string[]): void => {
    if (!isOpen) return;
    last = lines;
    const [rows, columns] = [stdout.rows || ROWS, columnsOf(stdout)];
    const cut = lines.slice(0, rows).map((line) => fitted(line, columns));
    const rest = cut.length < rows ? `\r\n${REST_OF_SCREEN}` : '';
    // One write, so that no half of a frame is ever seen.
    stdout.write(HOME + cut.join('\r\n') + rest);
  };
  const redraw = (): void => show(last);
  const onKey = (key: Buffer): void => {
    // In raw mode Ctrl-C is a key like any other.
    if (!['q', 'Q', '\x03', '\x04'].includes(key.toString())) return;
    close();
    onQuit();
  };
  stdout.write(ENTER);
  // `exit` is passed on every way out, an uncaught error included.
  process.on('exit', close);
  for (const [signal, code] of Object.entries(SIGNALS)) {
    process.once(signal, () => {
      close();
      process.exit(code);
    });
  }
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

/**
 * Too long a line loses its colours with its end: better plain than broken in the middle of a sequence. One that fills
 * the row has nothing behind it to wipe out, and the cursor stands on its last letter.
 */
function fitted(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  if (plain.length < columns) return line + REST_OF_LINE;
  return plain.length === columns ? line : plain.slice(0, columns);
}
