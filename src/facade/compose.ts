import { setTimeout as sleep } from 'node:timers/promises';
import { startBackground, type Background } from './compose/background.ts';
import { Closing } from './compose/closing.ts';
import { createListeners, type Listeners } from './compose/listeners.ts';
import { contextOf, type ComposeOptions, type ComposeContext } from './compose/options.ts';
import { createRuntime, type Runtime } from './compose/runtime.ts';
import { openTracing } from './observe/tracing/open.ts';

/** The composition root: three parts, each made of the ones before. No port is opened: see app.ts and embed.ts. */

export type { ComposeOptions } from './compose/options.ts';

export interface Composition {
  readonly runtime: Runtime;
  readonly background: Background;
  readonly listeners: Listeners;
  /** Opens the store and resolves when requests may come. */
  readonly begin: () => Promise<void>;
  /** Everything, newest first; once. Call it when no request is under way. */
  readonly close: () => Promise<void>;
}

/** Milliseconds. */
const MAX_FLIPS_WAIT_MS = 3_000;
/** For what is written into the store at the end: the traffic and the evidence since the last time. */
const CLOSE_TIMEOUT_MS = 3_000;

/** @throws ConfigRefused with every problem, one a line. */
export async function compose(options: ComposeOptions): Promise<Composition> {
  const closing = new Closing();
  try {
    const tracing = await openTracing(options.environment.otlp, options.log);
    closing.defer(() => tracing?.close());
    const context = contextOf(options, tracing);
    const runtime = createRuntime(context, closing);
    const background = await startBackground(context, runtime, closing);
    const listeners = createListeners(context, runtime, background, closing);
    runtime.watch();
    const parts = { runtime, background, listeners };
    const close = (): Promise<void> => background.store.cutAfter(CLOSE_TIMEOUT_MS, closing.run());
    return { ...parts, begin: () => begin(context, parts), close };
  } catch (error) {
    await closing.run();
    throw error;
  }
}

async function begin(
  { role, duties, lastGood }: ComposeContext,
  parts: Omit<Composition, 'begin' | 'close'>,
): Promise<void> {
  const { runtime, background, listeners } = parts;
  background.extension?.attach(listeners.listener);
  if (lastGood) await runtime.reload();
  else role.tell({ kind: 'loaded', config: runtime.active.current.source });
  background.store.start();
  // The file alone may be older than the flips. A database that does not answer must not keep the facade down, though.
  if (duties.rolloutsIn === 'database') await Promise.race([background.flipsReady, sleep(MAX_FLIPS_WAIT_MS)]);
}
