import type { RequestHandler } from 'express';
import { Refusal } from './refusal.ts';

/**
 * Contact2Sale's three spellings of a token: `Authorization: Bearer T`, and for older clients
 * `Authentication: Bearer T` and `Authentication: T`. Anything else is 401.
 */
export function requireToken(token: string): RequestHandler {
  return (req, _res, next) => {
    const bearer = `Bearer ${token}`;
    const { authorization, authentication } = req.headers;
    if (authorization === bearer || authentication === bearer || authentication === token) return next();
    throw new Refusal(401, 'unauthorized');
  };
}
