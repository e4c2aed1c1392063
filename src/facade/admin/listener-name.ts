/**
 * How an admin listener names itself, on every answer. The command line looks for it on `GET /healthz` before it sends a
 * token or a change: at any other port, such as the public one, both would reach an upstream.
 */
export const LISTENER_HEADER = 'x-facade-listener';
export const ADMIN_LISTENER = 'admin';
