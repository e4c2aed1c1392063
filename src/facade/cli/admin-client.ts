import { ADMIN_LISTENER, LISTENER_HEADER } from '../admin/listener-name.ts';
import type { Variables } from '../config/variables.ts';
import { CliError, EXIT, NotRunning, usageError } from './exit.ts';

/** The admin API of a running facade. Every failure comes out as a CliError that says what to do about it. */

/** An operator who waits longer than this has a problem that waiting does not solve. Milliseconds. */
const DEADLINE = 10_000;

/** Of a route or a revision that is not there the type is another. */
const NO_SUCH_PATH = 'urn:c2s-facade:not-found';

interface ProblemBody {
  readonly type?: string;
  readonly title?: string;
  readonly detail?: string;
  /** Lines for a human, where one sentence is not enough. */
  readonly problems?: unknown;
}

interface AdminClientOptions {
  /** Asked only when the facade is: a command that works on the file alone needs none. */
  readonly url: () => string;
  readonly token: string | undefined;
  /** What to do where none answers: `Start it with "c2s-facade start"`. */
  readonly start: string;
}

export class AdminClient {
  readonly #options: AdminClientOptions;
  /** Undefined: not asked, or not answered. */
  #named: Promise<void> | undefined;

  constructor(options: AdminClientOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.url();
  }

  /** @throws CliError */
  get<T>(path: string, deadline = DEADLINE): Promise<T> {
    return this.#ask<T>('GET', path, undefined, deadline);
  }

  /** A change. @throws CliError */
  send<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> {
    return this.#ask<T>(method, path, body, DEADLINE);
  }

  /** Like {@link get}; undefined when the facade cannot be reached or does not serve it. */
  async find<T>(path: string, deadline = DEADLINE): Promise<T | undefined> {
    try {
      return await this.get<T>(path, deadline);
    } catch (error) {
      if (error instanceof CliError && error.code === EXIT.unreachable) return undefined;
      throw error;
    }
  }

  /** Nothing is sent, no token and no change, before the listener has named itself. */
  async #requireAdminListener(deadline: number): Promise<void> {
    const { headers } = await this.#fetch('GET', '/healthz', {}, null, deadline);
    if (headers.get(LISTENER_HEADER) === ADMIN_LISTENER) return;
    throw new CliError(
      EXIT.unreachable,
      `What answers at ${this.url} does not name itself the admin listener of a facade (${LISTENER_HEADER}), so nothing was sent to it, and no token. Name the admin listener with --admin URL; the public listener is another port.`,
    );
  }

  async #ask<T>(method: string, path: string, body: unknown, deadline: number): Promise<T> {
    this.#named ??= this.#requireAdminListener(deadline).catch((error: unknown) => {
      this.#named = undefined;
      throw error;
    });
    await this.#named;
    const headers: Record<string, string> = { 'x-c2s-admin': 'cli' };
    if (this.#options.token !== undefined) headers['authorization'] = `Bearer ${this.#options.token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const text = body === undefined ? null : JSON.stringify(body);
    const res = await this.#fetch(method, path, headers, text, deadline);
    return this.#read<T>(path, res);
  }

  async #read<T>(path: string, res: Response): Promise<T> {
    const text = await res.text();
    if (!res.ok) throw this.#refused(res.status, path, text);
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new CliError(EXIT.unreachable, `What answers at ${this.url} is no admin listener of a facade.`);
    }
  }

  async #fetch(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string | null,
    deadline: number,
  ): Promise<Response> {
    try {
      return await fetch(this.url + path, {
        method,
        headers,
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(deadline),
      });
    } catch (error) {
      if (error instanceof CliError) throw error;
      throw new NotRunning(
        `No facade answers at ${this.url} (${causeOf(error)}). ${this.#options.start}, or name its admin listener with --admin URL.`,
      );
    }
  }

  #refused(status: number, path: string, text: string): CliError {
    const problem = problemOf(text);
    if (status === 401) {
      const said = this.#options.token === undefined ? 'asks for a token' : 'refused the token';
      const remedy = 'set ADMIN_TOKEN (in the environment or in .env) to the one that it was started with';
      return new CliError(EXIT.unreachable, `The facade at ${this.url} ${said}: ${remedy}.`);
    }
    if (status === 403)
      return new CliError(EXIT.unreachable, `The facade at ${this.url} refused: ${problem.detail ?? text}`);
    // An older facade says 404 without a detail.
    if (status === 404 && (problem.type === NO_SUCH_PATH || problem.detail === undefined)) {
      return new CliError(EXIT.unreachable, `The facade at ${this.url} does not serve ${path.split('?')[0]}.`);
    }
    // Its database is starting, or it is leaving: it is as if that part were not there.
    const code = status === 503 ? EXIT.unreachable : EXIT.problems;
    const lines = Array.isArray(problem.problems) ? problem.problems.map((line) => `\n  ${lineOf(line)}`).join('') : '';
    return new CliError(code, `${problem.detail ?? problem.title ?? `The facade answered ${status}.`}${lines}`);
  }
}

function lineOf(problem: unknown): string {
  return typeof problem === 'string' ? problem : JSON.stringify(problem);
}

function problemOf(text: string): ProblemBody {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** `ECONNREFUSED`; fetch hides it one level down. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return cause instanceof Error ? cause.message : error.message;
}

/** Where the admin listener is: what --admin names, else what ADMIN_HOST and ADMIN_PORT say. Without a slash at the end. */
export function adminUrl(given: string | undefined, variables: Variables): string {
  if (given !== undefined) {
    const url = URL.parse(/^https?:\/\//.test(given) ? given : `http://${given}`);
    if (!url) throw usageError(`--admin ${given} is no URL; write http://127.0.0.1:9901`);
    return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  }
  const host = variables['ADMIN_HOST']?.trim() || '127.0.0.1';
  const port = variables['ADMIN_PORT']?.trim() || '9901';
  if (port === '0') throw usageError('ADMIN_PORT is 0, so nobody knows the port; name it with --admin URL');
  // Bound to every address, it is found on this machine's own.
  const name = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
