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

/** The account of a token: 2xx for every token that Contact2Sale accepts (docs/wire/contact2sale.md). */
const ACCOUNT = '/integration/me';

/**
 * Contact2Sale as the gateway sees it: the upstream plus a token. A token that is refused means that nothing was done, so
 * the same request, write or not, may go again with the other valid token.
 */
export class Contact2Sale {
  readonly #upstream: Pick<CrmClient, 'ask'>;
  readonly #tokens: Tokens;

  readonly #onUnauthorized: () => void;

  /** @param onUnauthorized called for every token that Contact2Sale refused */
  constructor(upstream: Pick<CrmClient, 'ask'>, tokens: Tokens, onUnauthorized: () => void) {
    this.#upstream = upstream;
    this.#tokens = tokens;
    this.#onUnauthorized = onUnauthorized;
  }

  /** @returns Contact2Sale's answer; 401 where it refused every token, though it may have said so with 403 */
  async ask(request: C2sRequest, ending: Ending): Promise<UpstreamAnswer> {
    let token = this.#tokens.current;
    for (;;) {
      const answer = await this.#upstream.ask(withToken(request, token), ending);
      if (!(await this.#isRefused(request, token, answer.status, ending))) return answer;
      this.#onUnauthorized();
      token = token === undefined ? undefined : this.#tokens.refuse(token);
      if (token === undefined) return { ...answer, status: 401 };
    }
  }

  /**
   * Did Contact2Sale refuse the token, rather than the request? 401 says so. 403 says either: a caller who asks for what is
   * forbidden must not make the gateway unready, so that the token is tried on what every good one may have.
   */
  async #isRefused(request: C2sRequest, token: string | undefined, status: number, ending: Ending): Promise<boolean> {
    const isForbidden = status === 403 && request.path !== ACCOUNT;
    const said = isForbidden ? await this.#checkToken(request.requestId, token, ending) : status;
    if (said === undefined) return false;
    if (said === 401 || said === 403) return true;
    if (token !== undefined) this.#tokens.accept(token);
    return false;
  }

  /** The status of the check; undefined where it got none, which says nothing of the token. */
  async #checkToken(requestId: string, token: string | undefined, ending: Ending): Promise<number | undefined> {
    const check = { method: 'GET', path: ACCOUNT, requestId } as const;
    try {
      return (await this.#upstream.ask(withToken(check, token), ending)).status;
    } catch {
      return undefined;
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
