import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { sendProblem } from '../forward/problem.ts';

/**
 * Who may use the admin API. With ADMIN_TOKEN: whoever presents it. Without, the listener is on loopback, and then the
 * one danger is a page in the operator's browser: so the Host must be a loopback name (DNS rebinding), and what changes
 * something must carry a header that no page can send across origins without being asked first (CSRF).
 */
export function guard(adminToken: string | undefined): RequestHandler {
  const expected = adminToken === undefined ? undefined : digest(adminToken);
  return (req, res, next) => {
    if (expected) {
      const [scheme = '', token = ''] = (req.headers.authorization ?? '').split(' ', 2);
      if (scheme.toLowerCase() === 'bearer' && timingSafeEqual(digest(token), expected)) return next();
      return refuse(401, 'Send Authorization: Bearer <ADMIN_TOKEN>.');
    }
    if (!LOOPBACK.has(hostName(req.headers.host)))
      return refuse(403, 'Without ADMIN_TOKEN only loopback names are answered.');
    const isChange = req.method !== 'GET' && req.method !== 'HEAD';
    if (isChange && req.headers['x-c2s-admin'] === undefined)
      return refuse(403, 'Send the header x-c2s-admin with any value.');
    return next();

    function refuse(status: number, detail: string): void {
      sendProblem(res, { status, kind: 'admin-refused', detail }, '');
    }
  };
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

function hostName(host: string | undefined): string {
  return (host ?? '').replace(/:\d+$/, '').toLowerCase();
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
