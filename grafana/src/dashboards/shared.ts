import { ofJob } from '../promql.ts';

/** What several dashboards say in the same words. */

/** 0 closed, 1 half-open, 2 open; of several instances the worst. */
export const BREAKER = `max by (route, path) (${ofJob('facade_breaker_state')})`;

/** From a line that is labelled with a route to that route's page, at the same time and with the same choices. */
export const ROUTE_LINK =
  '/d/c2s-facade-route?var-route=${__field.labels.route}&${datasource:queryparam}&${job:queryparam}&${__url_time_range}';

/** The same from a row of a table. */
export const ROUTE_ROW_LINK =
  '/d/c2s-facade-route?var-route=${__data.fields.route}&${datasource:queryparam}&${job:queryparam}&${__url_time_range}';
