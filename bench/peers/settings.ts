import { Agent } from 'node:http';

/** What every peer is told by its parent. */
export const port = Number(process.env['PORT']);
export const upstream = process.env['UPSTREAM_URL'] ?? '';

/** For the peers built on node:http's client: without keep-alive they would be measured by their TCP handshakes. */
export const agent = new Agent({ keepAlive: true });
