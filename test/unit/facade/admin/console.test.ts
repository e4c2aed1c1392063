import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createConsole } from '../../../../src/facade/admin/console.ts';

/** A folder as the build leaves it: a file for each of src/facade/admin/console. */
let built: string;
beforeAll(() => {
  built = join(mkdtempSync(join(tmpdir(), 'console-')), 'console');
  mkdirSync(built);
  for (const name of readdirSync('src/facade/admin/console')) {
    if (/\.(ts|html|css|svg)$/.test(name)) writeFileSync(join(built, name.replace(/ts$/, 'js')), `of ${name}`);
  }
});
afterAll(() => rmSync(join(built, '..'), { recursive: true }));

const consoleOf = (...folders: string[]) => supertest(express().use(createConsole(folders)));

describe('the console', () => {
  test('serves its page, with a policy that lets nothing of elsewhere in', async () => {
    const res = await consoleOf('/nowhere', built).get('/console/');
    expect([res.status, res.text]).toEqual([200, 'of index.html']);
    expect(res.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    const policy = res.headers['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|http|\*/);
  });

  test('every module of the source is served, and what it needs of npm', async () => {
    const api = consoleOf(built);
    const scripts = readdirSync(built).filter((name) => name.endsWith('.js'));
    expect(scripts.length).toBeGreaterThan(10);
    for (const name of [...scripts, 'vendor/preact.js']) {
      const res = await api.get(`/console/${name}`);
      expect([name, res.status, res.headers['content-type']]).toEqual([name, 200, 'text/javascript; charset=utf-8']);
    }
    expect((await api.get('/console/style.css')).headers['content-type']).toBe('text/css; charset=utf-8');
    expect((await api.get('/console/icon.svg')).headers['content-type']).toBe('image/svg+xml');
  });

  test('what the browser has already is not sent again', async () => {
    const api = consoleOf(built);
    const { etag = '' } = (await api.get('/console/main.js')).headers;
    const again = await api.get('/console/main.js').set('if-none-match', etag);
    expect([again.status, again.text]).toEqual([304, '']);
    const other = await api.get('/console/board.js').set('if-none-match', etag);
    expect(other.status).toBe(200);
  });

  test('the address without its slash leads to the one with it', async () => {
    const res = await consoleOf(built).get('/console');
    expect([res.status, res.headers['location']]).toEqual([308, '/console/']);
  });

  test.each(['nothing.js', 'model.ts', '../server.ts', '..%2f..%2fserver.ts', '%2e%2e/server.ts', 'constructor'])(
    '%s is not there',
    async (path) => {
      expect((await consoleOf(built).get(`/console/${path}`)).status).toBe(404);
    },
  );

  test('not built, or built of an older source, it says how to build it', async () => {
    const older = join(built, '..', 'older');
    mkdirSync(older);
    writeFileSync(join(older, 'index.html'), 'of an older source');
    for (const folders of [['/nowhere'], [older]]) {
      const res = await consoleOf(...folders).get('/console/');
      expect([res.status, JSON.parse(res.text)]).toMatchObject([
        503,
        { detail: 'The console is not built. Run: npm run build:console, and start the facade again' },
      ]);
    }
  });
});
