/**
 * The admin API, the same that the command line uses. A change carries the header that no other site's page can send;
 * the token, where there is one, is kept for this tab only.
 */

const KEY = 'c2s-facade-admin-token';
const API = new URL('../api/', location.href);

export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

export const token = {
  get: (): string => sessionStorage.getItem(KEY) ?? '',
  set: (value: string): void => sessionStorage.setItem(KEY, value),
};

function headers(): Record<string, string> {
  const value = token.get();
  return { 'x-c2s-admin': 'console', ...(value === '' ? {} : { authorization: `Bearer ${value}` }) };
}

async function call(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(new URL(path, API), init).catch(() => {
    throw new ApiError(0, 'The facade does not answer. Is it running?');
  });
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as { detail?: string; title?: string };
  throw new ApiError(response.status, problem.detail ?? problem.title ?? `It answered ${response.status}.`);
}

export async function read<T>(path: string): Promise<T> {
  return (await (await call(path, { headers: headers() })).json()) as T;
}

export async function change<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<T> {
  const init: RequestInit = { method, headers: headers() };
  if (body)
    Object.assign(init, { body: JSON.stringify(body), headers: { ...headers(), 'content-type': 'application/json' } });
  return (await (await call(path, init)).json()) as T;
}

/** A route's part of an address. */
export const named = (route: string): string => encodeURIComponent(route);

/**
 * The live stream: server-sent events, read by fetch since EventSource cannot carry a token. Ends by throwing.
 * @param onEvent the data of each event, parsed
 */
export async function follow(path: string, onEvent: (data: unknown) => void, signal: AbortSignal): Promise<never> {
  const response = await call(path, { headers: { ...headers(), accept: 'text/event-stream' }, signal });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new ApiError(0, 'The live stream ended.');
    const events = (rest + decoder.decode(value, { stream: true })).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      const data = event
        .split('\n')
        .filter((line) => line.startsWith('data: '))
        .map((line) => line.slice(6))
        .join('\n');
      if (data !== '') onEvent(JSON.parse(data));
    }
  }
}
