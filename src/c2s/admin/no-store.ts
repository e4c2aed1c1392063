import type { Problem } from '../../http/problem.ts';
import type { StoreHolder } from '../../facade/store/holder.ts';

/** For the routes that work on the database alone. */
export const noStore = (store: StoreHolder): Problem => ({
  status: 503,
  kind: 'no-database',
  detail: `There is no database: ${store.problem}`,
  retryAfter: 5,
});
