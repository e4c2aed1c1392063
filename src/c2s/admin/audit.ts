import { Router, type Request } from 'express';
import { z } from 'zod';
import { methodNotAllowed, Refused } from '../../http/page-errors.ts';
import type { StoreHolder } from '../../facade/store/holder.ts';
import { answer, readAs } from '../../facade/admin/answer.ts';
import { noStore } from './no-store.ts';

/** GET /api/audit?action=&who=&limit=&before=: who saw or erased personal data, newest first. No personal data itself. */

const query = z.strictObject({
  action: z.enum(['read', 'erase', 'expire', 'import']).optional(),
  who: z.string().min(1).max(100).optional(),
  limit: z.coerce.number<string>().int().min(1).max(500).default(50),
  before: z.coerce.number<string>().int().min(1).optional(),
});

export function auditRoutes(store: StoreHolder): Router {
  const router = Router();
  const list = answer(async (req: Request): Promise<object> => {
    const asked = readAs(query, req.query);
    const { listAudit } = await import('../store/audit.ts');
    if (!store.current) throw new Refused(noStore(store));
    const records = await listAudit(store.current.db, asked);
    const isMore = records.length === asked.limit;
    return { records, ...(isMore && { next: records.at(-1)?.id }) };
  });
  router.route('/').get(list).all(methodNotAllowed);
  return router;
}
