import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the examples share, so that each shows its idea and nothing else. */

export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** A server on a free port of loopback. */
export function serve(handle: RequestListener): Promise<Served> {
  const server = createServer(handle);
  const close = (): Promise<void> =>
    new Promise((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close });
    });
  });
}

/** An upstream that answers everything with this lead. */
export function serveLead(attributes: object): Promise<Served> {
  return serve((_req, res) => {
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ data: { id: '1', type: 'lead', attributes } }));
  });
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** An example that does not show what it says must fail. */
export function check(condition: boolean, claim: string): void {
  assert.ok(condition, `not so: ${claim}`);
}

/** Waits until something is so; fails after half a minute. */
export async function until(condition: () => boolean | Promise<boolean>, claim: string): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await condition())) {
    check(Date.now() < end, claim);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
