import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { refuse } from '../../http/page-errors.ts';
import { bearerToken } from '../../http/bearer.ts';
import { loopbackFault, type LoopbackFault } from '../../http/loopback.ts';

/**
 * Who may use the admin API. With ADMIN_TOKEN: whoever presents it. Without, the listener is on loopback, and then the
 * one danger is a page in the operator's browser: so Host and Origin must be its own (http/loopback.ts), and what changes
 * something must carry a header that no page can send across origins without being asked first (CSRF).
 */
export function guard(adminToken: string | undefined): RequestHandler {
  const expected = adminToken === undefined ? undefined : digest(adminToken);
  return (req, res, next) => {
    if (expected) {
      const token = bearerToken(req.rawHeaders);
      if (token !== undefined && timingSafeEqual(digest(token), expected)) return next();
      return deny(401, 'Send one header Authorization: Bearer <ADMIN_TOKEN>.');
    }
    const fault = loopbackFault(req.headers);
    if (fault) return deny(403, FOREIGN[fault]);
    const isChange = req.method !== 'GET' && req.method !== 'HEAD';
    if (isChange && req.headers['x-c2s-admin'] === undefined)
      return deny(403, 'Send the header x-c2s-admin with any value.');
    return next();

    function deny(status: number, detail: string): void {
      refuse(req, res, { status, kind: 'admin-refused', detail });
    }
  };
}

const FOREIGN: Readonly<Record<LoopbackFault, string>> = {
  host: 'Without ADMIN_TOKEN only loopback names are answered.',
  origin: 'Without ADMIN_TOKEN no page of another origin is answered.',
};

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
