/**
 * How the connections of one process are shared out, so that n instances need n times that number of the database and no
 * more. Sessions are for what belongs to one connection: LISTEN of the steering and of an extension, the autopilot's
 * leadership, an extension's leadership, and the lock by which an instance shows that it lives.
 */

const SESSIONS = 5;
/** A flip, a look beside it, and a reader of the history; without the reader where there are few. */
const STEERING = 3;
const FEW = 15;

/** 9 and 8 for work: more did not make an enrichment faster on two cores. */
export const DEFAULT_CONNECTIONS = 25;

interface ConnectionBudget {
  readonly steering: number;
  readonly work: number;
  /** Of a pool that an extension has beside. */
  readonly extension: number;
}

/** @param maxConnections of this process, 10 at least. */
export function splitConnections(maxConnections: number): ConnectionBudget {
  const steering = maxConnections < FEW ? STEERING - 1 : STEERING;
  const rest = maxConnections - SESSIONS - steering;
  const extension = Math.floor(rest / 2);
  return { steering, work: rest - extension, extension };
}
