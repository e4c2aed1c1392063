import type { IncomingMessage, Server } from 'node:http';
import type { Logger } from '../../http/log.ts';
import type { AdminRoutes } from '../admin/server.ts';
import type { ApiPair } from '../rollout/api-pair.ts';
import type { Environment } from '../config/environment.ts';
import type { FacadeConfig } from '../config/schema.ts';
import type { PageRouter } from '../forward/pages.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Tracing } from '../observe/tracing/trace.ts';
import type { StoreHolder } from '../store/holder.ts';
import type { Migrations } from '../store/migrate.ts';

/** What a process is made of beside the engine: a pair of APIs, and what is served in the same process. */
export interface Product {
  readonly pair: ApiPair;
  /** Left out: the engine alone. */
  readonly extension?: Extension;
}

/** A service that lives in the facade's process: its tables, and its pages on both listeners. */
export interface Extension {
  /**
   * By name, in whose order they run; loaded with the store. A name that was released never changes; migrations only add.
   */
  readonly migrations: () => Promise<Migrations>;
  /** Once per process, before any port is open. */
  start(parts: ExtensionParts): RunningExtension;
}

interface ExtensionParts {
  readonly environment: Environment;
  /** The config in force; read it anew at each use. */
  readonly config: () => FacadeConfig;
  readonly store: StoreHolder;
  readonly metrics: Metrics;
  /** The request presents a token of a known caller. */
  readonly isKnown: (req: IncomingMessage) => boolean;
  readonly log: Logger;
  /** Undefined: tracing is off. */
  readonly tracing: Tracing | undefined;
}

export interface RunningExtension {
  /** On the public listener. */
  readonly pages: PageRouter;
  /** Below `/api` of the admin listener, behind its guard. */
  readonly adminRoutes: readonly AdminRoutes[];
  /** The public listener is there, though its port may not be open yet. */
  attach(server: Server): void;
  /** Finishes what runs. @param deadlineMs what runs longer is given up. */
  stop(deadlineMs: number): Promise<void>;
}
