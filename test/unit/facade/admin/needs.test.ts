import express from 'express';
import supertest from 'supertest';
import { describe, expect, test } from 'vitest';
import { needsRoutes } from '../../../../src/facade/admin/needs.ts';

type Options = Parameters<typeof needsRoutes>[0];
const COUNTS = [
  { state: 'open', route: 'a', count: 2 },
  { state: 'open', route: 'b', count: 1 },
  { state: 'arrived', route: 'a', count: 40 },
  { state: 'not_arrived', route: 'a', count: 5 },
  { state: 'cannot_tell', route: 'a', count: 7 },
  { state: 'settled', route: 'a', count: 90 },
];
const needs = async (
  adminRoutes: Options['adminRoutes'],
  counts: () => Promise<object[]> = () => Promise.resolve(COUNTS),
) => {
  const unknownWrites = { counts } as unknown as Options['unknownWrites'];
  return supertest(express().use(needsRoutes({ unknownWrites, adminRoutes }))).get('/needs');
};

describe('GET /api/needs', () => {
  test('counts the unknown writes of which something is left to do', async () => {
    const res = await needs([]);
    expect([res.status, res.body]).toEqual([200, { unknownWrites: 15, waiting: {} }]);
  });

  test('counts what waits of an extension, by its path; of one that is not in use nothing does', async () => {
    const res = await needs([
      { path: '/audit' },
      { path: '/dead-letters', waiting: () => Promise.resolve(3) },
      { path: '/orders', waiting: () => Promise.resolve(undefined) },
    ]);
    expect(res.body).toMatchObject({ waiting: { '/dead-letters': 3, '/orders': 0 } });
  });
});
