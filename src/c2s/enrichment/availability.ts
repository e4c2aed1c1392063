import type { Problem } from '../../http/problem.ts';
import type { EnrichmentService } from './service.ts';

/** Whether there is a service behind the endpoints, and else what to tell the caller. */
export type Availability =
  | { readonly isOpen: true; readonly service: EnrichmentService }
  | { readonly isOpen: false; readonly problem: Problem };

/** What is missing, as the caller is told; what the operator is told stands in the log. */
export const NOT_CONFIGURED: Problem = {
  status: 501,
  kind: 'enrichment-not-configured',
  detail: 'Enrichment needs WORK_API_URL and DIRETRIX_BASE_URL with their credentials; they are not set here.',
};
export const NO_DATABASE: Problem = {
  status: 503,
  kind: 'enrichment-no-database',
  detail:
    'Enrichment needs a database, and DATABASE_URL is none here. Set it to a Postgres, or leave it out for an embedded one.',
};
export const DATABASE_DOWN: Problem = {
  status: 503,
  kind: 'enrichment-database-down',
  detail: 'The database of the enrichment is not there yet. Nothing was begun; try again later.',
  retryAfter: 2,
};
export const NOT_STARTED: Problem = {
  status: 503,
  kind: 'enrichment-not-started',
  detail: 'The enrichment could not be started on its database and is tried again. Nothing was begun; try again later.',
  retryAfter: 5,
};
