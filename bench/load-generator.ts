import { connect, type Socket } from 'node:net';
import { cpuMicros } from './kit/proc.ts';
import { BODY_BYTES, LEAD_IDS, requestBytes } from './kit/exchange.ts';
import { percentile } from './kit/stats.ts';
import type { LoadOrder, LoadResult } from './kit/load.ts';

/**
 * Closed-loop load from a process of its own: each connection asks, reads the answer to its end, asks again. Request
 * bytes are made beforehand and of an answer only the status, the length and the end are looked at, so that this
 * costs less than any subject. It reads the subject's CPU time itself, right at the first and the last counted answer.
 */

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const REQUESTS = LEAD_IDS.map(requestBytes);
const MOST_ERRORS = 100;

class Run {
  readonly #order: LoadOrder;
  readonly #done: (result: LoadResult) => void;
  readonly #sockets = new Set<Socket>();
  #latencies: number[] = [];
  #errors = 0;
  #firstError = '';
  #next = 0;
  #ended = false;
  #began = 0;
  #cpuAtStart = 0;

  constructor(order: LoadOrder, done: (result: LoadResult) => void) {
    this.#order = order;
    this.#done = done;
    for (let i = 0; i < order.connections; i++) this.#open();
    setTimeout(() => this.#begin(), order.warmMs);
  }

  /** From here on answers count; what went before has warmed the subject and opened its connections. */
  #begin(): void {
    this.#latencies = [];
    this.#cpuAtStart = cpuMicros(this.#order.pids);
    this.#began = performance.now();
    setTimeout(() => this.#finish(), this.#order.measureMs);
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    const seconds = (performance.now() - this.#began) / 1000;
    const cpu = cpuMicros(this.#order.pids) - this.#cpuAtStart;
    for (const socket of this.#sockets) socket.destroy();
    const requests = this.#latencies.length;
    const ascending = Float64Array.from(this.#latencies).sort();
    this.#done({
      requests,
      errors: this.#errors,
      firstError: this.#firstError,
      perSecond: requests / seconds,
      p50: percentile(ascending, 0.5),
      p99: percentile(ascending, 0.99),
      cpuMicros: cpu / requests,
    });
  }

  #fail(socket: Socket, reason: string): void {
    if (this.#ended || !this.#sockets.delete(socket)) return;
    socket.destroy();
    this.#errors++;
    this.#firstError ||= reason;
    if (this.#errors < MOST_ERRORS) this.#open();
    else this.#finish();
  }

  #open(): void {
    const socket = connect({ port: this.#order.port, host: '127.0.0.1', noDelay: true });
    this.#sockets.add(socket);
    let sentAt = 0;
    let partial: Buffer | undefined;
    const ask = () => {
      sentAt = performance.now();
      socket.write(REQUESTS[this.#next++ % REQUESTS.length] as Buffer);
    };
    socket.on('connect', ask);
    socket.on('error', (error) => this.#fail(socket, error.message));
    socket.on('close', () => this.#fail(socket, 'connection closed'));
    socket.on('data', (chunk: Buffer) => {
      if (partial) chunk = Buffer.concat([partial, chunk]);
      const verdict = judge(chunk);
      if (verdict === 'more') partial = chunk;
      else if (verdict !== 'whole') this.#fail(socket, verdict);
      else {
        partial = undefined;
        this.#latencies.push(performance.now() - sentAt);
        if (this.#latencies.length >= this.#order.mostRequests) this.#finish();
        else ask();
      }
    });
  }
}

/** `whole`: one complete good answer; `more`: it has not all arrived; anything else says what is wrong with it. */
function judge(chunk: Buffer): string {
  const headEnd = chunk.indexOf(HEAD_END);
  if (headEnd === -1) return 'more';
  const head = chunk.toString('latin1', 0, headEnd);
  if (!head.startsWith('HTTP/1.1 200')) return head.slice(0, head.indexOf('\r\n'));
  const length = LENGTH.exec(head)?.[1];
  if (length === undefined) return 'an answer without content-length';
  if (Number(length) !== BODY_BYTES) return `a body of ${length} bytes`;
  const missing = headEnd + HEAD_END.length + BODY_BYTES - chunk.length;
  if (missing < 0) return 'bytes beyond the answer';
  return missing > 0 ? 'more' : 'whole';
}

process.on('message', (order: LoadOrder) => new Run(order, (result) => process.send?.(result)));
process.on('disconnect', () => process.exit());
