import type { EventEmitter } from 'node:events';
import type { BeginMessage, FromWorker, MeasuredWorker, ToWorker } from './messages.ts';

/**
 * What a process is among those that serve together, as the composition sees it. The first one has what there may be only
 * one of: the admin API, and where no database decides it, the history of the flips and the autopilot. Places do not
 * move: a first worker that dies is replaced by a first worker.
 */

export interface RoleFacts {
  /** Counted from 0. */
  readonly place: number;
  readonly workers: number;
  /** DATABASE_URL is the embedded server of the primary: the rollouts are kept in the file, as with one process. */
  readonly isEmbedded: boolean;
}

/** What the worker does when it is told; what comes before it is attached waits for it. */
export interface WorkerHandlers {
  breaker(message: Extract<ToWorker, { kind: 'breaker' }>): void;
  health(message: Extract<ToWorker, { kind: 'health' }>): void;
  kill(on: boolean): void;
  killSettled(): void;
  reload(): void;
  stop(): void;
  measure(): Promise<MeasuredWorker>;
}

export interface WorkerRole extends RoleFacts {
  readonly isFirst: boolean;
  /** No primary stands above this process: its ports, its signals and its log are the operator's. */
  readonly isAlone: boolean;
  tell(message: FromWorker): void;
  attach(handlers: WorkerHandlers): void;
}

/** The role of a facade of one process: it is the first, and there is nobody to tell anything. */
export const SOLE_WORKER: WorkerRole = {
  place: 0,
  workers: 1,
  isEmbedded: false,
  isFirst: true,
  isAlone: true,
  tell: () => undefined,
  attach: () => undefined,
};

/** A worker that a primary has started. */
export interface ForkedWorker extends WorkerRole {
  /** What the primary gives to begin with. */
  readonly begun: Promise<BeginMessage>;
}

/** The part of `process` that is needed. */
interface Channel extends Pick<EventEmitter, 'on'> {
  send?(message: FromWorker): boolean;
}

export function createWorkerRole(facts: RoleFacts, channel: Channel): ForkedWorker {
  const early: Told[] = [];
  const { promise: begun, resolve: begin } = Promise.withResolvers<BeginMessage>();
  let handlers: WorkerHandlers | undefined;
  const tell = (message: FromWorker): void => void channel.send?.(message);
  const hear = (message: ToWorker): void => {
    if (message.kind === 'begin') begin(message);
    else if (handlers) handle(message, handlers, tell);
    else early.push(message);
  };
  channel.on('message', hear);
  return {
    ...facts,
    isFirst: facts.place === 0,
    isAlone: false,
    begun,
    tell,
    attach(given) {
      handlers = given;
      early.splice(0).forEach(hear);
    },
  };
}

type Told = Exclude<ToWorker, BeginMessage>;

function handle(message: Told, handlers: WorkerHandlers, tell: WorkerRole['tell']): void {
  switch (message.kind) {
    case 'breaker':
      return handlers.breaker(message);
    case 'health':
      return handlers.health(message);
    case 'kill':
      return handlers.kill(message.on);
    case 'kill-settled':
      return handlers.killSettled();
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
