import type { IncomingMessage, Server } from 'node:http';
import type { Logger } from '../../http/log.ts';
import type { AdminRoutes } from '../admin/server.ts';
import type { CommandSpec } from '../cli/command.ts';
import type { DoctorQuestion, DoctorFinding } from '../cli/doctor/finding.ts';
import type { ApiPair } from '../rollout/api-pair.ts';
import type { Environment } from '../config/environment.ts';
import type { ExtensionVariables } from '../config/extension-variables.ts';
import type { FacadeConfig } from '../config/schema.ts';
import type { ConfigSection } from '../config/table-schema.ts';
import type { PageRouter } from '../forward/pages.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Tracing } from '../observe/tracing/trace.ts';
import type { StoreHolder } from '../store/holder.ts';
import type { Migrations } from '../store/migrate.ts';

/** What a process is made of beside the engine: a pair of APIs, and what is served in the same process. */
export interface Product {
  readonly pair: ApiPair;
  /** Left out: the engine alone. */
  readonly extension?: Extension | undefined;
}

/**
 * A service that lives in the facade's process, such as an enrichment of records. It brings its section of the rollout
 * table, its variables, its tables, its commands and checks, and, once it is started, routes on both listeners.
 *
 * All but {@link start} is read by the command line too, which must not wait for what only a service needs: load routers,
 * clients and queues inside of `start`, by `await import(…)`.
 *
 * @typeParam Settings what `settings.schema` makes of the section.
 * @typeParam Values what `variables.read` makes of the variables.
 */
export interface Extension<Settings = unknown, Values = unknown> {
  /**
   * Its section of the rollout table, with its rules. The loader, `check`, flips and the JSON schema for editors
   * (`npm run schema`) then know it. Left out: such a section is an unknown key.
   */
  readonly settings?: ConfigSection<Settings>;
  /** Its variables of the environment: read once, at the start. Left out: none. */
  readonly variables?: ExtensionVariables<Values>;
  /**
   * Its tables: migrations of the store by name, run together with the engine's in the order of the names, under one lock.
   * Loaded with the store. A name that was released never changes; migrations only add, since the version before must run
   * on the tables of this one. Types of the tables join the engine's `Database` by declaration merging.
   */
  readonly migrations?: () => Promise<Migrations>;
  /** Its commands, listed behind the engine's. No name may be one of the engine's. */
  readonly commands?: readonly CommandSpec[];
  /**
   * Its part of `doctor`: can everything that it needs be reached? Runs at the same time as the engine's checks, only with an
   * environment that was accepted. It asks nothing that costs money or changes anything, and answers within 15 s. Never throws.
   */
  doctor?(question: DoctorQuestion<Values>): Promise<readonly DoctorFinding[]>;
  /**
   * Makes the service; once per process, before any port is open. The store may not be there yet, or never: see
   * {@link StoreHolder}. An error ends the start of the process.
   */
  start(parts: ExtensionParts<Settings, Values>): RunningExtension | Promise<RunningExtension>;
}

interface ExtensionParts<Settings = unknown, Values = unknown> {
  /** The engine's variables. */
  readonly environment: Environment;
  /** The extension's own, as `variables.read` made them; undefined where it has none. */
  readonly variables: Values;
  /** The engine's options in force; read them anew at each use. */
  readonly config: () => FacadeConfig;
  /** The extension's own section in force; read it anew at each use, so that a reload acts at once. */
  readonly settings: () => Settings;
  readonly store: StoreHolder;
  /** `metrics.registry` takes the extension's own metrics. Labels are closed unions, never ids or personal data. */
  readonly metrics: Metrics;
  /** The id of the known caller whose token the request presents, as logs and reports have it; undefined: a stranger. */
  readonly callerOf: (req: IncomingMessage) => string | undefined;
  readonly log: Logger;
  /** Undefined: tracing is off. */
  readonly tracing: Tracing | undefined;
}

export interface RunningExtension {
  /** Public routes: on the public listener, behind the rollout table, which wins where both claim a path. */
  readonly pages: PageRouter;
  /** Admin routes: below `/api` of the admin listener, behind its guard. */
  readonly adminRoutes: readonly AdminRoutes[];
  /** The public listener is there, though its port may not be open yet: requests of the extension's own may go through it. */
  attach(server: Server): void;
  /** Another table serves from now on, by a reload or a flip; its own section may have changed. Never throws. */
  reloaded?(): void;
  /** Finishes what runs; called once. @param deadlineMs what runs longer is given up. */
  stop(deadlineMs: number): Promise<void>;
}
