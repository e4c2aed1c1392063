import { connect, type Socket } from 'node:net';
import { LEAD_IDS, requestBytes } from './kit/exchange.ts';
import type { OpenLoopOrder, OpenLoopResult } from './kit/open-loop.ts';
import { percentile } from './kit/stats.ts';

/**
 * Open-loop load from a process of its own: so many requests a second become due, whatever became of those before. A
 * closed loop slows down with its subject, and so cannot overload it, nor show what callers who do not wait would see.
 *
 * All connections are opened before the clock starts, and each has had an answer: node accepts one in each turn of its
 * loop, so that else a full loop would be measured by what waits for it in the kernel.
 */

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const REQUESTS = LEAD_IDS.map(requestBytes);
/** Milliseconds between two looks at what is due. */
const TICK = 2;

interface Line {
  readonly socket: Socket;
  dueAt: number;
  sentAt: number;
  partial: Buffer | undefined;
  isBusy: boolean;
}

class Run {
  readonly #order: OpenLoopOrder;
  readonly #done: (result: OpenLoopResult) => void;
  #began = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #idle: Line[] = [];
  readonly #lines = new Set<Line>();
  /** When each request that waits for a connection was due. */
  readonly #due: number[] = [];
  #offered = 0;
  readonly #statuses: Record<string, number> = {};
  readonly #okFromDue: number[] = [];
  readonly #okFromSent: number[] = [];
  readonly #shed: number[] = [];
  #withoutRetryAfter = 0;
  #lastShedAt = -1;
  #errors = 0;

  constructor(order: OpenLoopOrder, done: (result: OpenLoopResult) => void) {
    this.#order = order;
    this.#done = done;
    for (let i = 0; i < order.connections; i++) this.#open();
    const opened = setInterval(() => {
      if (this.#idle.length < order.connections && performance.now() < LATEST_BEGIN) return;
      clearInterval(opened);
      this.#began = performance.now();
      this.#timer = setInterval(() => this.#tick(), TICK);
    }, 10);
    const LATEST_BEGIN = performance.now() + 15_000;
  }

  #tick(): void {
    const now = performance.now();
    const { perSecond, ms } = this.#order;
    const elapsed = Math.min(now - this.#began, ms);
    const due = Math.floor((elapsed * perSecond) / 1_000);
    for (; this.#offered < due; this.#offered++) this.#due.push(this.#began + (this.#offered * 1_000) / perSecond);
    this.#send();
    const isQuiet = [...this.#lines].every(({ isBusy }) => !isBusy) && this.#due.length === 0;
    // What is not answered long after the end counts as an error.
    if (elapsed >= ms && (isQuiet || now - this.#began > ms + 10_000)) this.#finish();
  }

  #send(): void {
    while (this.#due.length > 0) {
      const line = this.#idle.pop();
      if (!line) {
        while (this.#lines.size < this.#order.connections) this.#open();
        return;
      }
      line.dueAt = this.#due.shift() as number;
      line.sentAt = performance.now();
      line.isBusy = true;
      line.socket.write(REQUESTS[this.#offered % REQUESTS.length] as Buffer);
    }
  }

  #open(): void {
    const socket = connect({ port: this.#order.port, host: '127.0.0.1', noDelay: true });
    const line: Line = { socket, dueAt: 0, sentAt: 0, partial: undefined, isBusy: false };
    this.#lines.add(line);
    const onFirst = (): void => {
      socket.on('data', (chunk: Buffer) => this.#read(line, chunk));
      this.#idle.push(line);
      if (this.#timer) this.#send();
    };
    socket.on('connect', () => socket.write('GET /health HTTP/1.1\r\nhost: a\r\n\r\n'));
    socket.once('data', onFirst);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#closed(line));
  }

  #closed(line: Line): void {
    this.#lines.delete(line);
    const at = this.#idle.indexOf(line);
    if (at >= 0) this.#idle.splice(at, 1);
    if (line.isBusy) this.#errors++;
  }

  #read(line: Line, chunk: Buffer): void {
    const all = line.partial ? Buffer.concat([line.partial, chunk]) : chunk;
    const headEnd = all.indexOf(HEAD_END);
    const head = headEnd < 0 ? '' : all.toString('latin1', 0, headEnd);
    if (headEnd < 0 || all.length < headEnd + 4 + Number(LENGTH.exec(head)?.[1] ?? 0)) {
      line.partial = all;
      return;
    }
    line.partial = undefined;
    line.isBusy = false;
    this.#count(line, head);
    if (!/\r\nconnection: close/i.test(head)) this.#idle.push(line);
    this.#send();
  }

  #count(line: Line, head: string): void {
    const now = performance.now();
    const status = head.slice(9, 12);
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
    if (status === '200') {
      this.#okFromDue.push(now - line.dueAt);
      this.#okFromSent.push(now - line.sentAt);
    } else if (status === '503') {
      this.#shed.push(now - line.sentAt);
      this.#lastShedAt = now - this.#began;
      if (!/\r\nretry-after: \d/i.test(head)) this.#withoutRetryAfter++;
    }
  }

  #finish(): void {
    clearInterval(this.#timer);
    const seconds = this.#order.ms / 1_000;
    const unanswered = [...this.#lines].filter(({ isBusy }) => isBusy).length + this.#due.length;
    for (const { socket } of this.#lines) socket.removeAllListeners('close').destroy();
    const p = (values: number[], share: number) => percentile(Float64Array.from(values).sort(), share);
    this.#done({
      offered: this.#offered,
      perSecond: this.#okFromSent.length / seconds,
      statuses: this.#statuses,
      errors: this.#errors + unanswered,
      p50: p(this.#okFromDue, 0.5),
      p99: p(this.#okFromDue, 0.99),
      p99FromSent: p(this.#okFromSent, 0.99),
      p99Shed: p(this.#shed, 0.99),
      withoutRetryAfter: this.#withoutRetryAfter,
      lastShedAt: this.#lastShedAt,
    });
  }
}

process.on('message', (order: OpenLoopOrder) => new Run(order, (result) => process.send?.(result)));
process.on('disconnect', () => process.exit());
