import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fixtureSchema, thaw } from '../../../../src/facade/compare/fixture.ts';
import { SAMPLES } from './data.ts';
import { cli, startFakeAdmin, type FakeAdmin } from './kit.ts';

let admin: FakeAdmin;
const dir = mkdtempSync(join(tmpdir(), 'c2s-samples-'));
beforeAll(async () => {
  admin = await startFakeAdmin({
    'GET /api/parity/leads.get/samples': SAMPLES,
    'GET /api/parity/tags.list/samples': { samples: [] },
  });
});
afterAll(async () => {
  await admin.close();
  rmSync(dir, { recursive: true, force: true });
});

test('frozen into a folder they are the fixtures that replay reads', async () => {
  const folder = join(dir, 'new', 'folder');
  const names = [1, 2, 3].map((n) => `leads.get-${n}.json`);
  const { code, out } = await cli(['samples', 'leads.get', '--into', folder, '--admin', admin.url]);
  expect([code, out, readdirSync(folder)]).toEqual([0, names.map((name) => `${join(folder, name)}\n`).join(''), names]);
  const written: unknown = JSON.parse(readFileSync(join(folder, 'leads.get-1.json'), 'utf8'));
  expect(fixtureSchema.parse(written)).toEqual(SAMPLES.samples[0]);
});

test('where none are kept it says so', async () => {
  const { code, out } = await cli(['samples', 'tags.list', '--admin', admin.url]);
  expect([code, out]).toEqual([0, 'No answers of tags.list that differ are kept.\n']);
});

test('a folder that cannot be written to is named', async () => {
  const { code, err } = await cli(['samples', 'leads.get', '--into', '/dev/null/x', '--admin', admin.url]);
  expect(code).toBe(1);
  expect(err).toMatch(/\/dev\/null\/x cannot be written to \(ENOTDIR\)/);
});

test('a dead gateway is named, and replayed it is the gateway that gives no answer', async () => {
  const { out } = await cli(['samples', 'leads.get', '--admin', admin.url]);
  expect(out).toContain('no answer (upstream_connect) after 2 ms');
  const dead = fixtureSchema.parse(SAMPLES.samples[2]);
  expect([thaw(dead).control.path, thaw(dead).candidate.path]).toEqual(['direct', 'direct']);
  expect([dead.candidate.path, thaw(dead).candidate.failure]).toEqual(['gateway', 'upstream_connect']);
});
