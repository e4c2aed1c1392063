import express from 'express';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { createParityApi } from '../../../../src/facade/admin/parity.ts';
import { ParityBook } from '../../../../src/facade/compare/book.ts';
import { compareAnswers } from '../../../../src/facade/compare/compare.ts';
import { ComparisonMetrics } from '../../../../src/facade/compare/metrics.ts';
import type { DriftFinding } from '../../../../src/facade/compare/drift/findings.ts';
import { Metrics } from '../../../../src/facade/observe/metrics.ts';
import { forget, json, NOON, ruled } from '../compare/support.ts';

const NO_DRIFT = { answers: 1_000, learntFrom: '2026-11-20T00:00:00.000Z', isLearnt: true, acceptedAt: undefined };
const DRIFT: DriftFinding = {
  ...{ answers: '2xx', path: '/name', kind: 'type', level: 'warning', from: 'string', to: 'null' },
  ...{ since: NOON - 60_000, text: '/name: type string → null' },
};

function started(mayReveal = false) {
  const accepted: string[] = [];
  const { rules, settings } = ruled();
  const book = new ParityBook('one', settings);
  book.use(settings, [rules]);
  const [control, candidate] = [json({ name: 'Fulano' }), json({ name: 'Beltrano' }, 'gateway')];
  const comparison = compareAnswers(rules, control, candidate, NOON);
  book.record('leads.get', { kind: 'cross', comparison, facts: [] }, NOON, { control, candidate });
  const drift = {
    report: (route: string) =>
      route === 'leads.get' ? { ...NO_DRIFT, findings: accepted.length > 0 ? [] : [DRIFT] } : undefined,
    accept: (route: string, by: string) => Promise.resolve(void accepted.push(`${route} by ${by}`)),
  };
  const forgetAll = (route: string) => Promise.resolve(forget(book, route, NOON));
  const app = express().use(
    '/api/parity',
    createParityApi({
      budget: { view: () => ({ all: undefined, routes: {}, resetsAt: '', isShared: false }) },
      book,
      forget: forgetAll,
      drift,
      adminToken: undefined,
      now: () => NOON,
      random: Math.random,
      mayReveal,
    }),
  );
  return { book, api: request(app), accepted };
}

describe('GET /api/parity', () => {
  it('answers the report of each route, and of one', async () => {
    const { api } = started();
    const all = await api.get('/api/parity').expect(200);
    const one = await api.get('/api/parity/leads.get').expect(200);
    expect(all.body).toEqual({ routes: [one.body] });
    expect(one.body).toMatchObject({
      route: 'leads.get',
      counts: { mismatch: 1 },
      parity: { value: 0 },
      groups: [{ text: '/name: value string→string, 1 of 1', standing: 'suspect' }],
      verdict: { kind: 'not enough data' },
    });
    await api.get('/api/parity/leads.gone').expect(404);
    await api.get('/api/parity/leads.gone/samples').expect(404);
    await api.delete('/api/parity/leads.gone').expect(404);
  });

  it('answers samples redacted, and as they are only in front of the sandbox', async () => {
    const { api } = started();
    const answer = await api.get('/api/parity/leads.get/samples').expect(200);
    expect(answer.body).toMatchObject({
      samples: [{ version: 1, isRedacted: true, differences: ['/name: value string→string'] }],
    });
    expect(answer.text).not.toMatch(/Fulano|Beltrano/);
    expect((await api.get('/api/parity/leads.get/samples?reveal=true').expect(403)).text).not.toMatch(/Fulano/);
    const revealed = await started(true).api.get('/api/parity/leads.get/samples?reveal=true').expect(200);
    expect(revealed.text).toMatch(/Beltrano/);
  });

  it('forgets a route on request', async () => {
    const { api, book } = started();
    await api.delete('/api/parity/leads.get').expect(204);
    expect(book.report('leads.get', NOON)?.counts.mismatch).toBe(0);
  });
});

describe('the metrics of parity', () => {
  it('are those of the reports, at the scrape', async () => {
    const metrics = new Metrics();
    const { book } = started();
    new ComparisonMetrics(metrics.registry, book, () => NOON);
    const text = await metrics.registry.metrics();
    expect(text).toContain('facade_parity_ratio{route="leads.get"} 0');
    expect(text).toContain('facade_parity_lower_bound{route="leads.get"} 0');
    expect(text).toContain('facade_parity_verdict{route="leads.get",verdict="not_enough_data"} 1');
    expect(text).toContain('facade_parity_verdict{route="leads.get",verdict="ready"} 0');
    forget(book, 'leads.get', NOON);
    const later = await metrics.registry.metrics();
    for (const name of ['facade_parity_ratio', 'facade_parity_lower_bound']) expect(later).not.toContain(`${name}{`);
  });
});

describe('the drift of direct', () => {
  it('stands in the report, and beside the differences at the same place', async () => {
    const { api } = started();
    const body: unknown = (await api.get('/api/parity/leads.get').expect(200)).body;
    expect(body).toMatchObject({
      groups: [{ path: '/name', directChanged: true }],
      drift: { isLearnt: true, findings: [{ text: '/name: type string → null', since: '2026-11-24T11:59:00.000Z' }] },
      verdict: { kind: 'not enough data' },
    });
    expect((body as { verdict: { text: string } }).verdict.text).toMatch(
      /; direct changed at 1 of the places that differ \(drift of direct\)/,
    );
  });

  it('is accepted by name', async () => {
    const { api, accepted } = started();
    const order = (path: string, body: object) =>
      api.post(`/api/parity/${path}/drift/accept`).set('x-c2s-admin', 'cli').send(body);
    await order('leads.gone', {}).expect(404);
    expect(accepted).toEqual([]);
    const body: unknown = (await order('leads.get', { who: 'maria', why: 'release 7' }).expect(200)).body;
    expect(body).toMatchObject({ route: 'leads.get', drift: { findings: [] } });
    expect(accepted).toEqual(['leads.get by maria (cli): release 7']);
    await api.get('/api/parity/leads.get/drift/accept').expect(405);
  });
});
