import { Writable } from 'node:stream';
import { createLogs, type Logger } from '../../../../src/http/log.ts';

/** A log of which nothing is kept. */
export function silentLog(): Logger {
  return createLogs('silent', new Writable({ write: (_chunk, _encoding, done) => done() })).log;
}

/** A log whose lines are kept. */
export function keptLog(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return { log: createLogs('info', sink).log, lines };
}
