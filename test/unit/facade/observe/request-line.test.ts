import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createLogs } from '../../../../src/http/log.ts';
import { isLogged, logRequest } from '../../../../src/facade/observe/request-line.ts';

function logAt(level: string) {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return { log: createLogs(level, sink).requestLog, lines };
}

test('a fault of an upstream is a warning, and everything else is not', () => {
  const { log, lines } = logAt('info');
  const line = {
    requestId: 'r',
    route: 'leads.get',
    path: 'direct',
    dialect: 'direct',
    method: 'GET',
    caller: undefined,
  };
  logRequest(log, { ...line, status: 200, outcome: 'ok', ms: 1.234 });
  logRequest(log, { ...line, status: 502, outcome: 'upstream_connect', ms: 2 });
  expect(lines.map((text) => JSON.parse(text) as object)).toEqual([
    expect.objectContaining({ level: 30, outcome: 'ok', ms: 1.2, msg: 'request' }),
    expect.objectContaining({ level: 40, outcome: 'upstream_connect', ms: 2 }),
  ]);
});

test('only successes are sampled, and nothing is made for a level that is off', () => {
  const { log } = logAt('info');
  expect([isLogged(log, 'ok', 0), isLogged(log, 'client_body', 0), isLogged(log, 'upstream_error', 0)]).toEqual([
    false,
    true,
    true,
  ]);
  expect(isLogged(log, 'ok', 1)).toBe(true);
  expect([isLogged(logAt('warn').log, 'ok', 1), isLogged(logAt('warn').log, 'upstream_error', 1)]).toEqual([
    false,
    true,
  ]);
});
