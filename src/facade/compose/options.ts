import { SYSTEM_CALENDAR, type Calendar } from '../../http/calendar.ts';
import type { Logger } from '../../http/log.ts';
import { SOLE_WORKER, type WorkerRole } from '../cluster/worker-role.ts';
import type { Environment } from '../config/environment.ts';
import { TableSchema } from '../config/table-schema.ts';
import type { Product } from '../extension/product.ts';
import type { LoadedConfig } from '../forward/reload.ts';
import type { Tracing } from '../observe/tracing/trace.ts';
import { dutiesOf, type Duties } from './duties.ts';

export interface ComposeOptions {
  readonly environment: Environment;
  /** The variables that ${NAME} in the config file stands for, read anew at every load. */
  readonly variables: () => Record<string, string | undefined>;
  /** Watched like the config file: a variable emptied there acts at once. */
  readonly envFile?: string | undefined;
  readonly log: Logger;
  /** One line a request. */
  readonly requestLog: Logger;
  /** Log lines that were dropped so far; left out: none ever is. */
  readonly droppedLines?: () => number;
  /** The upstreams are the sandbox, whose data are invented. */
  readonly isSandbox?: boolean;
  /** Left out: this process serves alone. */
  readonly role?: WorkerRole | undefined;
  /** Served from the start; what the file holds is then a reload, which may be refused. */
  readonly lastGood?: LoadedConfig | undefined;
  /** Milliseconds between two looks of the autopilot. */
  readonly autopilotEvery?: number;
  /** By which evidence ages, holds pass and days end; left out: the system's. */
  readonly calendar?: Calendar;
  /** Milliseconds, monotonic, by which requests are timed; left out: the process's. */
  readonly now?: () => number;
  readonly product: Product;
}

/** The options with every default worked out: what the three parts are made of. */
export interface ComposeContext extends ComposeOptions {
  readonly droppedLines: () => number;
  readonly isSandbox: boolean;
  readonly role: WorkerRole;
  readonly calendar: Calendar;
  readonly now: () => number;
  readonly duties: Duties;
  /** Of the config file, with the section of the extension. */
  readonly schema: TableSchema;
  /** Undefined: nothing is traced. */
  readonly tracing: Tracing | undefined;
}

export function contextOf(options: ComposeOptions, tracing: Tracing | undefined): ComposeContext {
  const { role = SOLE_WORKER, environment, product } = options;
  return {
    ...options,
    droppedLines: options.droppedLines ?? (() => 0),
    isSandbox: options.isSandbox ?? false,
    role,
    calendar: options.calendar ?? SYSTEM_CALENDAR,
    now: options.now ?? (() => performance.now()),
    duties: dutiesOf(role, environment.database),
    schema: new TableSchema(product.extension?.settings),
    tracing,
  };
}
