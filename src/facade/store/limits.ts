/**
 * How long anything may take on a connection to Postgres. Without these a statement waits for as long as the database,
 * the network or another instance stands still: for ever. The server's own limits end what a frozen client holds; ours
 * ends what a frozen server, or a network that drops packets, does not answer.
 */
export interface ConnectionLimits {
  /** Until a connection is made, or until one of a full pool is free. */
  readonly connectMs: number;
  /** Without a byte from the server while an answer is owed; above `statementMs`, whose end the server tells itself. */
  readonly silenceMs: number;
  readonly statementMs: number;
  /** Above `idleInTransactionMs`, so that who waits for a frozen instance's lock gets it when the server ends that one. */
  readonly lockMs: number;
  readonly idleInTransactionMs: number;
}

/** Flips and looks: what a change of one instance takes to serve on the others is five seconds at most. */
export const STEERING_LIMITS: ConnectionLimits = {
  connectMs: 2_500,
  silenceMs: 3_500,
  statementMs: 3_000,
  lockMs: 3_000,
  idleInTransactionMs: 2_000,
};

/** Everything else; the longest statements prune or sum a day's rows. */
export const WORK_LIMITS: ConnectionLimits = {
  connectMs: 4_000,
  silenceMs: 12_000,
  statementMs: 10_000,
  lockMs: 5_000,
  idleInTransactionMs: 4_000,
};

/** A connection that is asked something every second (`PING_EVERY_MS` of session.ts). */
export const SESSION_LIMITS: ConnectionLimits = {
  connectMs: 2_500,
  silenceMs: 2_000,
  statementMs: 1_500,
  lockMs: 1_500,
  idleInTransactionMs: 1_500,
};

/** A migration may rewrite a table; it must not stand behind a lock while everybody stands behind it. */
export const MIGRATION_LIMITS: ConnectionLimits = {
  connectMs: 4_000,
  silenceMs: 610_000,
  statementMs: 600_000,
  lockMs: 10_000,
  idleInTransactionMs: 10_000,
};
