import type { Request } from 'express';
import { reasonOf } from '../../facade/admin/answer.ts';
import type { Actor } from '../store/audit.ts';

/** An operator, for the audit: the name that they go by, the program they use, and what they proved. */
export function operatorOf(req: Request, name: string | undefined, adminToken: string | undefined): Actor {
  const { who, source, identity } = reasonOf(req, { who: name }, adminToken);
  return { who, via: `${source}, ${identity}` };
}
