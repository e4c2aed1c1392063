import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { readEnvironment } from '../../../../src/c2s/environment.ts';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { startBackground, type Background } from '../../../../src/facade/compose/background.ts';
import { Closing } from '../../../../src/facade/compose/closing.ts';
import { createListeners, type Listeners } from '../../../../src/facade/compose/listeners.ts';
import { contextOf, type ComposeOptions } from '../../../../src/facade/compose/options.ts';
import { createRuntime, type Runtime } from '../../../../src/facade/compose/runtime.ts';
import type { Environment } from '../../../../src/facade/config/environment.ts';
import { createLogs, type Logs } from '../../../../src/http/log.ts';

/** The facade out of the parts that it is made of, without a port, on a config file in a directory of its own. */

export interface Wired {
  readonly runtime: Runtime;
  readonly background: Background;
  readonly listeners: Listeners;
  readonly closing: Closing;
  readonly configFile: string;
  /** Of the log, oldest first. */
  readonly lines: readonly string[];
  /** Writes the config file; nothing reads it for that. */
  readonly write: (text: string) => void;
  close(): Promise<void>;
}

export interface WireOptions extends Partial<Omit<ComposeOptions, 'environment'>> {
  readonly environment?: Partial<Environment>;
}

/** In a directory that ends with `remove`. @param text of the config file. */
export function composeOptions(text: string, { environment, ...more }: WireOptions = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'compose-'));
  const configFile = join(dir, 'facade.yaml');
  writeFileSync(configFile, text);
  const read = readEnvironment({
    C2S_BASE_URL: 'http://direct.invalid',
    C2S_TOKEN: 'secret-c2s',
    DATABASE_URL: 'none',
  });
  if (!read.ok) throw new Error(read.problems.join('\n'));
  const { logs, lines } = keptLogs();
  const options: ComposeOptions = {
    environment: { ...read.environment, configFile, ...environment },
    product: { pair: CONTACT2SALE },
    variables: () => ({}),
    ...logs,
    ...more,
  };
  return { options, lines, configFile, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** As compose() does it, at once. */
export async function wire(text: string, more: WireOptions = {}): Promise<Wired> {
  const { options, lines, configFile, remove } = composeOptions(text, more);
  const closing = new Closing();
  closing.defer(remove);
  const context = contextOf(options, undefined);
  const parts = await closedWhenItFails(closing, async () => {
    const runtime = createRuntime(context, closing);
    const background = await startBackground(context, runtime, closing);
    const listeners = createListeners(context, runtime, background, closing);
    runtime.watch();
    return { runtime, background, listeners };
  });
  const write = (next: string): void => writeFileSync(configFile, next);
  return { ...parts, closing, configFile, lines, write, close: () => closing.run() };
}

async function closedWhenItFails<T>(closing: Closing, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    await closing.run();
    throw error;
  }
}

function keptLogs(): { logs: Logs; lines: string[] } {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return { logs: createLogs('info', sink), lines };
}
