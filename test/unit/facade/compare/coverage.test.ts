import { describe, expect, it } from 'vitest';
import { answerFacts, compareAnswers } from '../../../../src/facade/compare/compare.ts';
import { requestFacts } from '../../../../src/facade/compare/coverage.ts';
import { answer, json, NOON, ruled, rulesWith } from './support.ts';

const LIST = `id: leads.list
direct: GET /integration/leads
gateway: GET /leads
rollout: { gateway: 0 }
query:
  page: { type: integer, min: 1 }
  perpage: { type: integer, min: 1, max: 50 }
  status: { type: string, values: [novo, arquivado] }
  phone: { type: string }
  autofill: { type: boolean }`;
const { route } = ruled('', '', LIST).rules;

describe('the facts of a request', () => {
  it.each([
    ['', ['param (none)']],
    ['page=1', ['param page', 'depth page=1']],
    ['page=3&perpage=50', ['param page', 'depth page=2-5', 'param perpage', 'depth perpage=21-50']],
    ['page=999', ['param page', 'depth page=more than 50']],
    ['status=novo', ['param status', 'value status=novo']],
    ['status=Maria', ['param status', 'value status=(other)']],
    ['autofill=true', ['param autofill', 'value autofill=true']],
    ['phone=11999990000', ['param phone']],
    // What only direct can serve is nothing to compare.
    ['phone=', ['form direct only']],
    ['unknown=Maria', ['form direct only']],
    ['page=1&page=2', ['form direct only']],
    ['perpage=51', ['form direct only']],
    ['%zz=1', ['form direct only']],
  ])('%s', (query, facts) => {
    expect(requestFacts(route, query)).toEqual(facts);
  });

  it('are none where the route takes no query', () => {
    expect(requestFacts(rulesWith().route, '')).toEqual([]);
  });
});

describe('the facts of an answer', () => {
  it('are its status, its kind and the shapes of its places', () => {
    const record = {
      data: [
        { id: 1, seller: null },
        { id: 2, seller: { name: 'x', '5511999990000': '' } },
      ],
      tags: [],
    };
    expect(answerFacts(rulesWith(), json(record))).toEqual([
      'status 200',
      'body json',
      'shape  object',
      'shape /data list',
      'shape /data/* object',
      'shape /data/*/id number',
      'shape /data/*/seller null',
      'shape /data/*/seller object',
      'shape /data/*/seller/name string',
      'shape /data/*/seller/{key} string',
      'shape /tags empty list',
    ]);
  });

  it('of an error are its true status, of another body no more than that it is one', () => {
    const disguised = answer({
      path: 'gateway',
      status: 500,
      body: `{"detail":"Client error '404 Not Found' for url x"}`,
    });
    expect(answerFacts(rulesWith(), disguised)).toEqual(['status 404']);
    expect(answerFacts(rulesWith(), answer({ status: 204, body: '' }))).toEqual(['status 204', 'body empty']);
    expect(answerFacts(rulesWith(), answer({ body: 'x' }))).toEqual(['status 200', 'body other']);
    expect(answerFacts(rulesWith(), answer({ isComplete: false }))).toEqual([]);
  });

  it('come with a comparison, of the control', () => {
    const { facts } = compareAnswers(rulesWith(), json({ a: null }), json({ a: 1 }, 'gateway'), NOON);
    expect(facts).toEqual(['status 200', 'body json', 'shape  object', 'shape /a null']);
  });
});
