import { describe, expect, test } from 'vitest';
import { Discovery, guessTemplate } from '../../../../src/facade/forward/discovery.ts';

describe('a template', () => {
  test.each([
    ['/integration/leads/42/history', '/integration/leads/:id/history'],
    ['/integration/leads/bf1a88eaa4ab34b01a257536563fb42b', '/integration/leads/:id'],
    ['/integration/leads/deadbeef', '/integration/leads/:id'],
    ['/people/0b7e3c9a-52f1-4b61-9f2e-6f1f5ad0c3aa', '/people/:id'],
    ['/search/ana@example.com', '/search/:id'],
    ['/search/+5511987654321', '/search/:id'],
    ['/search/Jo%C3%A3o', '/search/:id'],
    ['/v2/done_deal/mark-as-read/list.json', '/v2/done_deal/mark-as-read/list.json'],
    ['/', '/'],
    ['//a', '//a'],
    [`/x/${'a'.repeat(65)}`, '/x/:id'],
  ])('of %j is %j', (path, template) => expect(guessTemplate(path)).toBe(template));

  test('ends after twelve segments', () => {
    expect(guessTemplate('/a'.repeat(12))).toBe('/a'.repeat(12));
    expect(guessTemplate('/a'.repeat(5_000))).toBe(`${'/a'.repeat(12)}/…`);
  });
});

describe('what was discovered', () => {
  test('is counted by method and template, the busiest first, with the time it was last seen', () => {
    const discovery = new Discovery(0.8);
    discovery.observe('GET', '/integration/old/1', 10, 'known');
    discovery.observe('POST', '/integration/old/1', 15, 'known');
    discovery.observe('GET', '/integration/old/2', 20, 'known');
    expect(discovery.list()).toEqual([
      { method: 'GET', template: '/integration/old/:id', count: 2, lastSeen: 20 },
      { method: 'POST', template: '/integration/old/:id', count: 1, lastSeen: 15 },
    ]);
  });

  test('is bounded: what finds no place is counted together, and known rows still count', () => {
    const discovery = new Discovery(0.8);
    const name = (i: number) => `/${[...String(i)].map((digit) => 'abcdefghij'[Number(digit)]).join('-')}`;
    for (let i = 0; i < 2_000; i++) discovery.observe(i % 2 ? 'GET' : 'POST', name(i), i, 'known');
    discovery.observe('POST', name(0), 3_000, 'known');
    const rows = discovery.list();
    expect(rows).toHaveLength(501);
    expect(rows[0]).toEqual({ method: '*', template: '(other)', count: 1_500, lastSeen: 1_999 });
    expect(rows[1]).toEqual({ method: 'POST', template: name(0), count: 2, lastSeen: 3_000 });
  });

  test('keeps four fifths of its rows for known callers, and a row of a stranger that a known caller asks for, too', () => {
    const discovery = new Discovery(0.8);
    const name = (i: number) => `/${[...String(i)].map((digit) => 'abcdefghij'[Number(digit)]).join('-')}`;
    for (let i = 0; i < 510; i++) discovery.observe('GET', name(i), i, 'stranger');
    expect(discovery.list()).toHaveLength(101);
    expect(discovery.list()[0]).toMatchObject({ template: '(other)', count: 410 });
    // What the known caller asks for is no longer the strangers', who so get another one.
    discovery.observe('GET', name(0), 1, 'known');
    discovery.observe('GET', '/another', 1, 'stranger');
    discovery.observe('GET', '/one-too-many', 1, 'stranger');
    expect(discovery.list()).toHaveLength(102);
    for (let i = 1_000; i < 1_510; i++) discovery.observe('POST', name(i), i, 'known');
    const rows = discovery.list();
    expect(rows).toHaveLength(501);
    expect(rows.filter(({ method }) => method === 'POST')).toHaveLength(399);
  });

  test('is a copy: a reader changes nothing', () => {
    const discovery = new Discovery(0.8);
    discovery.observe('GET', '/a', 1, 'known');
    Object.assign(discovery.list()[0]!, { count: 99 });
    expect(discovery.list()[0]?.count).toBe(1);
  });
});
