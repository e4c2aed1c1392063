import express from 'express';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { createParityApi } from '../../../../src/facade/admin/parity.ts';
import { ParityBook } from '../../../../src/facade/compare/book.ts';
import { compareAnswers } from '../../../../src/facade/compare/compare.ts';
import { ComparisonMetrics } from '../../../../src/facade/compare/metrics.ts';
import { Metrics } from '../../../../src/facade/observe/metrics.ts';
import { forget, json, NOON, ruled } from '../compare/support.ts';

function started(mayReveal = false) {
  const { rules, settings } = ruled();
  const book = new ParityBook('one', settings);
  book.use(settings, [rules]);
  const [control, candidate] = [json({ name: 'Fulano' }), json({ name: 'Beltrano' }, 'gateway')];
  const comparison = compareAnswers(rules, control, candidate, NOON);
  book.record('leads.get', { kind: 'cross', comparison, facts: [] }, NOON, { control, candidate });
  const forgetAll = (route: string) => Promise.resolve(forget(book, route, NOON));
  const app = express().use(
    '/api/parity',
    createParityApi({ book, forget: forgetAll, now: () => NOON, random: Math.random, mayReveal }),
  );
  return { book, api: request(app) };
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
