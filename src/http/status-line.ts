/**
 * Checks the status line of every answer (RFC 9112 4) before undici's parser reads it. That parser also takes
 * `HTTP/2.0`, `HTTP/0.9`, `RTSP/1.0`, statuses below 100 and control characters in the reason phrase, and of a status
 * line in two packets it keeps the second half of the phrase only.
 */

/** Nothing is checked: no answer is awaited, or its status line was read. */
const IDLE = 0;
/** The next byte belongs to a status line. */
const STATUS_LINE = 1;
/** Inside the header lines of an interim answer (1xx): a status line follows. */
const INTERIM_HEADERS = 2;

const LF = 10;
const CR = 13;
const SPACE = 32;
const ZERO = 48;
/** `HTTP/1.1 200` */
const MIN_LINE_BYTES = 12;
const VERSION = Buffer.from('HTTP/1.');
const EMPTY = Buffer.alloc(0);

/** Longest status line, the same as for a whole head. */
export const MAX_STATUS_LINE_BYTES = 64 * 1024;

export class StatusLineReader {
  #state = IDLE;
  /** The beginning of a status line whose end has not come. */
  #begun: Buffer = EMPTY;
  /** Bytes of the current header line of an interim answer, CR not counted. */
  #lineLength = 0;
  /** The final status line came in several packets: undici's reason phrase is only the end of the true one. */
  isSplit = false;
  /** The last status line said HTTP/1.0. */
  isHttp10 = false;

  /** Call it when a request is sent: the next bytes are an answer to it. */
  expect(): void {
    this.#state = STATUS_LINE;
    this.#begun = EMPTY;
    this.isSplit = false;
  }

  get isExpecting(): boolean {
    return this.#state !== IDLE;
  }

  /** @param chunk the next bytes of the connection. @returns what is wrong with a status line in it, if anything. */
  read(chunk: Buffer): string | undefined {
    let at = 0;
    while (this.#state !== IDLE && at < chunk.length) {
      if (this.#state === INTERIM_HEADERS) {
        at = this.#skipInterim(chunk, at);
        continue;
      }
      const end = chunk.indexOf(LF, at);
      if (end < 0) return this.#keep(at === 0 ? chunk : chunk.subarray(at));
      const fault = this.#begun.length > 0 ? this.#checkSplit(chunk.subarray(at, end)) : this.#check(chunk, at, end);
      if (fault !== undefined) return fault;
      at = end + 1;
    }
    return undefined;
  }

  #keep(rest: Buffer): string | undefined {
    this.#begun = this.#begun.length > 0 ? Buffer.concat([this.#begun, rest]) : rest;
    return this.#begun.length > MAX_STATUS_LINE_BYTES ? 'a status line that does not end' : undefined;
  }

  #checkSplit(rest: Buffer): string | undefined {
    const line = Buffer.concat([this.#begun, rest]);
    this.#begun = EMPTY;
    const fault = this.#check(line, 0, line.length);
    this.isSplit = this.#state === IDLE;
    return fault;
  }

  /** Checks one status line. @param end where its LF stands. */
  #check(bytes: Buffer, start: number, end: number): string | undefined {
    const last = end > start && bytes[end - 1] === CR ? end - 1 : end;
    // An empty line before it does no harm (RFC 9112 2.2).
    if (last === start) return undefined;
    if (last - start > MAX_STATUS_LINE_BYTES) return 'a status line that is too long';
    if (last - start < MIN_LINE_BYTES || !isHttp1(bytes, start)) return 'a status line that is not HTTP/1.1';
    this.isHttp10 = bytes[start + 7] === ZERO;
    const status = statusAt(bytes, start + 9);
    if (status < 0) return 'a status that is not three digits';
    if (status < 100) return 'a status below 100';
    if (last - start > MIN_LINE_BYTES && bytes[start + MIN_LINE_BYTES] !== SPACE)
      return 'a status that is not three digits';
    for (let i = start + MIN_LINE_BYTES; i < last; i++) {
      if (isControl(bytes[i] as number)) return 'a control character in the status line';
    }
    // The facade never asks for another protocol on these connections.
    if (status === 101) return 'another protocol, unasked';
    this.#state = status < 200 ? INTERIM_HEADERS : IDLE;
    this.#lineLength = 0;
    return undefined;
  }

  /** @returns where the next status line begins, or the end of the chunk. */
  #skipInterim(chunk: Buffer, start: number): number {
    for (let i = start; i < chunk.length; i++) {
      const byte = chunk[i];
      if (byte === LF) {
        if (this.#lineLength === 0) {
          this.#state = STATUS_LINE;
          return i + 1;
        }
        this.#lineLength = 0;
      } else if (byte !== CR) {
        this.#lineLength++;
      }
    }
    return chunk.length;
  }
}

/** `HTTP/1.0 ` or `HTTP/1.1 ` */
function isHttp1(bytes: Buffer, at: number): boolean {
  for (let i = 0; i < VERSION.length; i++) if (bytes[at + i] !== VERSION[i]) return false;
  const minor = bytes[at + 7];
  return (minor === ZERO || minor === ZERO + 1) && bytes[at + 8] === SPACE;
}

/** Three digits as a number; -1 when they are none. */
function statusAt(bytes: Buffer, at: number): number {
  let status = 0;
  for (let i = at; i < at + 3; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    status = status * 10 + digit;
  }
  return status;
}

function isControl(byte: number): boolean {
  return (byte < SPACE && byte !== 9) || byte === 127;
}
