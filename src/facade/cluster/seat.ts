import type { EventEmitter } from 'node:events';
import type { BeginNews, FromWorker, Measured, ToWorker } from './messages.ts';

/**
 * A worker's place among the others, as the composition root sees it. The first one has what there may be only one of:
 * the admin API, and where no database decides it, the history of the flips and the autopilot. Places do not move: a
 * first worker that dies is replaced by a first worker.
 */

export interface SeatFacts {
  /** Counted from 0. */
  readonly place: number;
  readonly workers: number;
  /** DATABASE_URL is the embedded server of the primary: the rollouts are kept in the file, as with one process. */
  readonly isEmbedded: boolean;
}

/** What the worker does when it is told; what comes before it is attached waits for it. */
export interface SeatHandlers {
  breaker(news: Extract<ToWorker, { kind: 'breaker' }>): void;
  kill(on: boolean): void;
  reload(): void;
  stop(): void;
  measure(): Promise<Measured>;
}

export interface Seat extends SeatFacts {
  readonly isFirst: boolean;
  /** What the primary gives to begin with. */
  readonly begun: Promise<BeginNews>;
  tell(news: FromWorker): void;
  attach(handlers: SeatHandlers): void;
}

/** The part of `process` that is needed. */
interface Channel extends Pick<EventEmitter, 'on'> {
  send?(message: FromWorker): boolean;
}

export function createSeat(facts: SeatFacts, channel: Channel): Seat {
  const early: Told[] = [];
  const { promise: begun, resolve: begin } = Promise.withResolvers<BeginNews>();
  let handlers: SeatHandlers | undefined;
  const tell = (news: FromWorker): void => void channel.send?.(news);
  const hear = (message: ToWorker): void => {
    if (message.kind === 'begin') begin(message);
    else if (handlers) handle(message, handlers, tell);
    else early.push(message);
  };
  channel.on('message', hear);
  return {
    ...facts,
    isFirst: facts.place === 0,
    begun,
    tell,
    attach(given) {
      handlers = given;
      early.splice(0).forEach(hear);
    },
  };
}

type Told = Exclude<ToWorker, BeginNews>;

function handle(message: Told, handlers: SeatHandlers, tell: Seat['tell']): void {
  switch (message.kind) {
    case 'breaker':
      return handlers.breaker(message);
    case 'kill':
      return handlers.kill(message.on);
    case 'reload':
      return handlers.reload();
    case 'stop':
      return handlers.stop();
    case 'measure':
      // One that cannot be read keeps its last page; the primary does not wait for ever.
      handlers.measure().then(
        (metrics) => tell({ kind: 'measured', metrics }),
        () => undefined,
      );
  }
}
