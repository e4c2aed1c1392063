import { createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Notification } from '../../../src/facade/notify/notification.ts';
import { startUpstream, type TestUpstream } from './upstream.ts';

/** Somebody who is told of what changes: a receiver of `notify` that verifies every signature. */

export type Told = Notification & { readonly text: string; readonly link?: string };

export interface Hook {
  readonly url: string;
  /** What was taken, in the order in which it came. */
  readonly told: Told[];
  /** Posts that came, taken or not. */
  readonly count: () => number;
  /** Of those that came without a signature, or with a wrong one. */
  readonly forged: () => number;
  /** What it does from now on; it takes everything until then. */
  answer: (res: ServerResponse) => void;
  close(): Promise<void>;
}

export const NOTIFY_SECRET = 'test-notify-secret-of-the-operator';

export const taking = (res: ServerResponse): void => void res.writeHead(204).end();

/** @param secret undefined: nothing is signed. */
export async function startHook(secret: string | undefined = NOTIFY_SECRET): Promise<Hook> {
  const told: Told[] = [];
  let forged = 0;
  const upstream: TestUpstream = await startUpstream(({ headers, body }, res) => {
    if (secret !== undefined && !isSigned(String(headers['x-facade-signature']), body, secret)) forged++;
    hook.answer(res);
    if (res.statusCode < 300 && res.writableEnded) told.push(JSON.parse(body) as Told);
  });
  const hook: Hook = {
    url: `${upstream.url}/hooks/test-hook-secret`,
    told,
    count: () => upstream.received.length,
    forged: () => forged,
    answer: taking,
    close: () => upstream.close(),
  };
  return hook;
}

/** As docs/notifications.md says it. */
function isSigned(header: string, body: string, secret: string): boolean {
  const { t, v1 } = Object.fromEntries(header.split(',').map((part) => part.split('='))) as Record<string, string>;
  const expected = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
  return v1 === expected && Math.abs(Date.now() / 1_000 - Number(t)) < 300;
}
