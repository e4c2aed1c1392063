import express from 'express';
import { expect, test } from 'vitest';
import { pageErrors } from '../../../../src/http/page-errors.ts';
import { isOtherVersion, isStoreAway } from '../../../../src/facade/store/unavailable.ts';

test.each([
  ['42P01', 503, 'store-unavailable', /^The tables of the database are not those of this version/],
  ['42703', 503, 'store-unavailable', /^The tables of the database are not those of this version/],
  ['57P01', 503, 'store-unavailable', /^The database does not answer now/],
  ['42601', 500, 'internal', /^The facade failed/],
])('a statement that fails with %s is answered with %i', async (code, status, kind, detail) => {
  const app = express();
  app.get('/', () => {
    throw Object.assign(new Error('relation "flips" does not exist'), { code });
  });
  const logged: unknown[] = [];
  const note = (fields: unknown, text: string) => void logged.push([fields, text]);
  app.use(pageErrors({ log: { warn: note, error: note } as never, isAway: isStoreAway, isOtherVersion }));
  const server = app.listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  try {
    const { port } = server.address() as { port: number };
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    const text = await answer.text();
    expect([answer.status, text.includes(kind)]).toEqual([status, true]);
    expect((JSON.parse(text) as { detail: string }).detail).toMatch(detail);
    expect(logged).toHaveLength(1);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
