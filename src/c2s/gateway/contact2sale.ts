import type { Ending, UpstreamAnswer, UpstreamRequest } from '../../http/buffered-exchange.ts';
import type { Tokens } from './tokens.ts';
import type { CrmClient } from './upstream.ts';

/** A request to Contact2Sale, without credentials. */
interface C2sRequest {
  readonly method: UpstreamRequest['method'];
  readonly path: string;
  readonly body?: string;
  readonly requestId: string;
}

/**
 * Contact2Sale as the gateway sees it: the upstream plus a token. A 401 means that nothing was done, so the same
 * request, write or not, may go again with the other valid token.
 */
export class Contact2Sale {
  readonly #upstream: CrmClient;
  readonly #tokens: Tokens;

  readonly #onUnauthorized: () => void;

  /** @param onUnauthorized called for every 401 of Contact2Sale */
  constructor(upstream: CrmClient, tokens: Tokens, onUnauthorized: () => void) {
    this.#upstream = upstream;
    this.#tokens = tokens;
    this.#onUnauthorized = onUnauthorized;
  }

  async ask(request: C2sRequest, ending: Ending): Promise<UpstreamAnswer> {
    let token = this.#tokens.current;
    for (;;) {
      const answer = await this.#upstream.ask(withToken(request, token), ending);
      if (answer.status !== 401) {
        if (token !== undefined) this.#tokens.accept(token);
        return answer;
      }
      this.#onUnauthorized();
      if (token === undefined) return answer;
      token = this.#tokens.refuse(token);
      if (token === undefined) return answer;
    }
  }
}

function withToken({ method, path, body, requestId }: C2sRequest, token: string | undefined): UpstreamRequest {
  const headers = ['accept', 'application/json', 'user-agent', 'c2s-gateway', 'x-request-id', requestId];
  if (token !== undefined) headers.push('authorization', `Bearer ${token}`);
  if (body === undefined) return { method, path, headers };
  headers.push('content-type', 'application/json');
  return { method, path, headers, body };
}
