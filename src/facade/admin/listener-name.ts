import type { ServerResponse } from 'node:http';

/**
 * How an admin listener names itself, on every answer. The command line looks for it on `GET /healthz` before it sends a
 * token or a change: at any other port, such as the public one, both would reach an upstream.
 */
export const LISTENER_HEADER = 'x-facade-listener';
export const ADMIN_LISTENER = 'admin';

/** To be called first by what answers as an admin listener: the admin app, also within a host's server, and the workers' proxy. */
export function nameListener(res: ServerResponse): void {
  res.setHeader(LISTENER_HEADER, ADMIN_LISTENER);
}
