import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher, Pool } from 'undici';
import { MalformedAnswer } from '../../http/malformed-answer.ts';
import { UpstreamCall } from '../../http/upstream-call.ts';
import type { HealthCheck, HealthResult, HealthSettings } from './upstream-health.ts';

/**
 * One health check: a GET without credentials, one deadline over all of it. The status decides; the body is read only to see
 * that the answer ends, and no further than {@link MAX_BODY_BYTES}.
 */

/** Of a body; after that the status counts and the connection is closed. */
const MAX_BODY_BYTES = 16 * 1024;
const HEADERS = ['accept', '*/*', 'user-agent', 'facade-health-check'];
const ENDED = new Error('the health check has ended');

class HealthCall extends UpstreamCall {
  readonly #settings: HealthSettings;
  readonly #settle: (result: HealthResult, status: number | undefined) => void;
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | undefined;
  #status: number | undefined;
  #bytes = 0;
  #isEnded = false;

  constructor(settings: HealthSettings, settle: (result: HealthResult, status: number | undefined) => void) {
    super();
    this.#settings = settings;
    this.#settle = settle;
    this.#timer = setTimeout(() => this.end('timeout'), settings.timeoutMs).unref();
  }

  end(result: HealthResult): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#timer);
    this.#controller?.abort(ENDED);
    this.#settle(result, this.#status);
  }

  protected override started(controller: Dispatcher.DispatchController): void {
    // It was given up while it waited for a connection.
    if (this.#isEnded) return controller.abort(ENDED);
    this.#controller = controller;
  }

  protected override answerBegan(
    _controller: Dispatcher.DispatchController,
    status: number,
    _headers: IncomingHttpHeaders,
  ): void {
    this.#status = status;
    if (!this.#settings.expected.some(({ from, to }) => from <= status && status <= to)) this.end('unexpected_status');
  }

  protected override answerData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_BODY_BYTES) this.end('success');
  }

  protected override answerEnded(): void {
    this.#controller = undefined;
    this.end('success');
  }

  protected override failed(error: Error & { code?: string }): void {
    const isStarted = this.#controller !== undefined;
    this.#controller = undefined;
    if (!isStarted) this.end(error.code === 'UND_ERR_CONNECT_TIMEOUT' ? 'timeout' : 'unreachable');
    else this.end(isMalformed(error) ? 'malformed_answer' : 'connection_lost');
  }
}

const isMalformed = (error: Error & { code?: string }): boolean =>
  error instanceof MalformedAnswer ||
  error.code?.startsWith('HPE_') === true ||
  error.code === 'UND_ERR_HEADERS_OVERFLOW';

/**
 * Asks once. Never rejects.
 * @param pool of the checks alone. @param prefix path of the base URL. @param now milliseconds, monotonic.
 */
export function checkHealth(
  pool: Pool,
  prefix: string,
  settings: HealthSettings,
  now: () => number,
): Promise<HealthCheck> {
  const startedAt = now();
  return new Promise((resolve) => {
    const settle = (result: HealthResult, status: number | undefined): void =>
      resolve({ result, status, tookMs: now() - startedAt });
    const request = { path: prefix + settings.path, method: 'GET', headers: HEADERS, body: null } as const;
    pool.dispatch(request, new HealthCall(settings, settle));
  });
}
