import { request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { nameListener } from '../admin/listener-name.ts';
import { createAdminListener } from '../admin/listener.ts';
import { refuse } from '../../http/page-errors.ts';
import type { Problem } from '../../http/problem.ts';

/**
 * The admin listener of a cluster. It is the primary's, so that it stands whichever worker dies: metrics and probes are
 * answered for all of them, and everything else (the API, the console) is the first worker's, to whom it is passed on.
 * While that one is replaced the kill switch is passed to another.
 */

interface AdminProxyOptions {
  readonly metrics: () => Promise<string>;
  readonly contentType: string;
  readonly state: () => { readonly ready: number; readonly workers: number; readonly isStopping: boolean };
  /** The first worker's own admin listener, while there is one. */
  readonly adminUrl: () => string | undefined;
  /** That of any worker that serves. */
  readonly anyAdminUrl: () => string | undefined;
}

export function createAdminProxy(options: AdminProxyOptions): Server {
  return createAdminListener((req, res) => {
    nameListener(res);
    switch (req.url?.split('?', 1)[0] ?? '') {
      case '/metrics':
        return void options.metrics().then(
          (text) => res.setHeader('content-type', options.contentType).end(text),
          () => refuse(req, res, NO_METRICS),
        );
      case '/healthz':
        return sendJson(res, 200, { status: 'ok' });
      case '/readyz':
        return ready(options, res);
      case '/api/kill-switch':
        // In an emergency any worker will do: what one is told, all do.
        return passOn(options.adminUrl() ?? options.anyAdminUrl(), req, res);
      default:
        return passOn(options.adminUrl(), req, res);
    }
  });
}

/** Ready while anyone serves: the others are being replaced. */
function ready({ state, adminUrl }: AdminProxyOptions, res: ServerResponse): void {
  const { ready, workers, isStopping } = state();
  const status = isStopping ? 'draining' : ready > 0 ? 'ready' : 'starting';
  const answer = (more: object = {}): void =>
    sendJson(res, status === 'ready' ? 200 : 503, { ...more, status, workers: { ready, of: workers } });
  const url = adminUrl();
  if (url === undefined) return answer();
  fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) })
    .then((first) => first.json() as Promise<object>)
    .then(
      (first) => answer(first),
      () => answer(),
    );
}

function sendJson(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const NO_METRICS: Problem = {
  status: 503,
  kind: 'admin-unavailable',
  detail: 'The metrics of the workers cannot be had now. Try again in a moment.',
  retryAfter: 1,
};
const NO_WORKER: Problem = {
  status: 503,
  kind: 'admin-unavailable',
  detail:
    'The worker that answers for the API is being replaced. Try again in a moment; the kill switch (/api/kill-switch) answers meanwhile.',
  retryAfter: 1,
};

/** As it came, Host included: the guard of the API judges by it. */
function passOn(adminUrl: string | undefined, req: IncomingMessage, res: ServerResponse): void {
  const gone = (): void => {
    if (res.headersSent) return void res.destroy();
    refuse(req, res, NO_WORKER);
  };
  if (adminUrl === undefined) return gone();
  const { hostname, port } = new URL(adminUrl);
  const { method, url, rawHeaders } = req;
  const onward = request({ hostname, port, method, path: url, headers: rawHeaders, agent: false, setHost: false });
  onward.on('response', (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    // An open stream of events must begin before its first event.
    res.flushHeaders();
    answer.on('error', gone).pipe(res);
  });
  onward.on('error', gone);
  res.on('close', () => onward.destroy());
  req.pipe(onward);
}
