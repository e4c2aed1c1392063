import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { MalformedAnswer } from './malformed-answer.ts';
import { UpstreamCall } from './upstream-call.ts';

/**
 * One request to an upstream, its answer held whole. Where answers are short that costs little and buys much: one that
 * breaks off in the middle is a fault of the upstream and not a cut connection to a caller, and a read can be asked again.
 * undici's own timers are off (upstream-pool.ts): one deadline covers everything.
 */

export type FaultKind = 'unreachable' | 'connection-lost' | 'unusable-answer' | 'deadline' | 'caller-left';

export class UpstreamFault extends Error {
  override readonly name = 'UpstreamFault';
  readonly kind: FaultKind;
  /** Whether nothing of the request can have reached the upstream. */
  readonly unsent: boolean;
  constructor(kind: FaultKind, unsent: boolean, cause?: unknown) {
    super(kind, { cause });
    this.kind = kind;
    this.unsent = unsent;
  }
}

export interface UpstreamRequest {
  /** Left out: that of the pool. */
  readonly origin?: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** Path and query. */
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body?: string;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

interface ExchangeLimits {
  /** Left for this exchange. */
  readonly deadlineMs: number;
  /** A longer answer is a fault. */
  readonly maxAnswerBytes: number;
}

/** Tells an exchange that its caller left, and lets the owner end it. */
export interface Ending {
  left: boolean;
  end?: () => void;
}

const EMPTY = new Uint8Array(0);

class BufferedExchange extends UpstreamCall {
  readonly #settle: (result: UpstreamAnswer | UpstreamFault) => void;
  readonly #limits: ExchangeLimits;
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | undefined;
  #fault: UpstreamFault | undefined;
  #done = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(limits: ExchangeLimits, settle: (result: UpstreamAnswer | UpstreamFault) => void) {
    super();
    this.#limits = limits;
    this.#settle = settle;
    this.#timer = setTimeout(() => this.fail('deadline'), limits.deadlineMs);
  }

  /** Ends the exchange for a reason of ours. Settles at once: a request still waiting for a connection has no controller yet. */
  fail(kind: FaultKind, cause?: unknown): void {
    if (this.#fault || this.#done) return;
    this.#fault = new UpstreamFault(kind, this.#controller === undefined, cause);
    clearTimeout(this.#timer);
    this.#settle(this.#fault);
    this.#controller?.abort(this.#fault);
  }

  /** undici calls this when a connection is there and the request is about to be written: from here on it may have been received. */
  protected override started(controller: Dispatcher.DispatchController): void {
    if (this.#fault) controller.abort(this.#fault);
    else this.#controller = controller;
  }

  protected override answerBegan(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#status = status;
    this.#headers = headers;
  }

  protected override answerData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > this.#limits.maxAnswerBytes) this.fail('unusable-answer');
    else this.#chunks.push(chunk);
  }

  protected override answerEnded(): void {
    if (this.#fault) return;
    this.#done = true;
    clearTimeout(this.#timer);
    const [first = EMPTY] = this.#chunks;
    const body = this.#chunks.length > 1 ? Buffer.concat(this.#chunks, this.#size) : first;
    this.#settle({ status: this.#status, headers: this.#headers, body });
  }

  protected override failed(error: Error): void {
    if (error instanceof UpstreamFault) return;
    this.fail(kindOf(error, this.#controller !== undefined), error);
  }
}

function kindOf(error: Error, started: boolean): FaultKind {
  if (error instanceof MalformedAnswer) return 'unusable-answer';
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!started) return code === 'UND_ERR_CONNECT_TIMEOUT' ? 'deadline' : 'unreachable';
  return code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW' ? 'unusable-answer' : 'connection-lost';
}

/** Sends one request. Rejects with {@link UpstreamFault} only; any status is an answer. */
export function exchange(
  dispatcher: Dispatcher,
  request: UpstreamRequest,
  limits: ExchangeLimits,
  ending: Ending,
): Promise<UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    const handler = new BufferedExchange(limits, (result) => {
      if (result instanceof UpstreamFault) reject(result);
      else resolve(result);
    });
    ending.end = () => handler.fail('caller-left');
    const { origin = '', method, path, headers, body = null } = request;
    dispatcher.dispatch({ origin, method, path, headers, body }, handler);
  });
}
