import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { MalformedAnswer } from './malformed-answer.ts';
import type { Carrier } from './carrier.ts';

/**
 * One request on a connection of an upstream pool, as undici tells of it. What holds for every answer, whoever asked,
 * is decided here and nowhere else: interim answers are skipped, an answer that cannot be read fails the call, and the
 * connection is told when the answer begins and ends.
 */
export abstract class UpstreamCall implements Dispatcher.DispatchHandler {
  /** The connection that the request was given to; undefined while it waits for one. */
  carrier: Carrier | undefined;

  /** The request is about to be written: from here on it may have been received. */
  protected abstract started(controller: Dispatcher.DispatchController): void;

  /** The head of the final answer. @param reason undefined where the phrase did not come whole. */
  protected abstract answerBegan(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    reason: string | undefined,
  ): void;

  protected abstract answerData(controller: Dispatcher.DispatchController, chunk: Buffer): void;

  protected abstract answerEnded(): void;

  protected abstract failed(error: Error): void;

  /** The head of the answer came without a byte of its body, and all that came is read. */
  headIsAlone(): void {
    // Nobody waits for the head.
  }

  // --- undici's handler ---

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.carrier?.begin();
    this.started(controller);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    reason?: string,
  ): void {
    // 103 and other interim answers are between the upstream and us.
    if (status < 200) return;
    if (!isReadable(headers['transfer-encoding'])) {
      return controller.abort(new MalformedAnswer('a transfer coding that is not chunked'));
    }
    const { carrier } = this;
    if (!carrier) return this.answerBegan(controller, status, headers, reason);
    carrier.answerBegins(this, status);
    this.answerBegan(controller, status, headers, carrier.isReasonWhole ? reason : undefined);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.carrier?.bodyBegins();
    this.answerData(controller, chunk);
  }

  onResponseEnd(): void {
    const { carrier } = this;
    carrier?.end();
    if (carrier?.isBroken) this.failed(new Error('The connection broke before the answer had ended.'));
    else this.answerEnded();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.carrier?.end();
    this.failed(error);
  }
}

/**
 * Chunked is the only transfer coding that undici decodes; of any other it hands on the coded bytes, of which nobody
 * says any more what they are: the header belongs to one connection (RFC 9112 6.1).
 * @param coding undici's: an array where there are several lines.
 */
function isReadable(coding: string | readonly string[] | undefined): boolean {
  return coding === undefined || coding === 'chunked' || (typeof coding === 'string' && /^chunked$/i.test(coding));
}
