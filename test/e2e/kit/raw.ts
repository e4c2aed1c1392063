import { connect } from 'node:net';

/** A caller on a bare socket: sends exact bytes, and reads exact bytes back. */
export interface RawCaller {
  send(bytes: string | Buffer): void;
  /** Bytes that the kernel has not taken yet. */
  unsent(): number;
  /** Everything that came so far. */
  text(): string;
  /** Resolves with the text when it matches; fails when the connection ends or the deadline passes before. */
  until(pattern: RegExp, deadline?: number): Promise<string>;
  /** Resolves with the text when the other side has closed. */
  closed(deadline?: number): Promise<string>;
  /** Stops and resumes reading. */
  pause(): void;
  resume(): void;
  /** Has the connection ended? */
  isClosed(): boolean;
  /** Did it end with a reset, so that what came last is known to be cut? */
  isReset(): boolean;
  destroy(): void;
}

export function openRaw(url: string): RawCaller {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setNoDelay(true);
  let isClosed = false;
  const watchers = new Set<() => void>();
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    for (const look of watchers) look();
  });
  let isReset = false;
  socket.on('error', ({ code }: NodeJS.ErrnoException) => (isReset = code === 'ECONNRESET'));
  socket.on('close', () => {
    isClosed = true;
    for (const look of watchers) look();
  });
  const wait = (holds: () => boolean, what: string, deadline: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        watchers.delete(look);
        act();
      };
      const look = (): void => {
        if (holds()) settle(() => resolve(text));
        else if (isClosed) settle(() => reject(new Error(`closed before ${what}; got: ${text}`)));
      };
      const timer = setTimeout(
        () => settle(() => reject(new Error(`no ${what} within ${deadline} ms; got: ${text}`))),
        deadline,
      );
      watchers.add(look);
      look();
    });
  return {
    send: (bytes) => void socket.write(bytes, 'latin1'),
    unsent: () => socket.writableLength,
    text: () => text,
    until: (pattern, deadline = 5_000) => wait(() => pattern.test(text), String(pattern), deadline),
    closed: (deadline = 5_000) => wait(() => isClosed, 'close', deadline),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    isClosed: () => isClosed,
    isReset: () => isReset,
    destroy: () => void socket.destroy(),
  };
}
