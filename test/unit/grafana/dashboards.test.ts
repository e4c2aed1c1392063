import { describe, expect, test } from 'vitest';
import { boards } from '../../e2e/kit/promql.ts';

const UIDS = ['c2s-facade-enrichment', 'c2s-facade-overview', 'c2s-facade-process', 'c2s-facade-route'];

test('the uids are the ones that bookmarks and links know', () => {
  expect(
    boards()
      .map(({ uid }) => uid)
      .sort(),
  ).toEqual(UIDS);
});

test('every link to a dashboard leads to one of them', () => {
  const links = [...JSON.stringify(boards()).matchAll(/\/d\/([\w-]+)/g)].map(([, uid]) => uid);
  expect(links.length).toBeGreaterThan(0);
  for (const uid of links) expect(UIDS).toContain(uid);
});

describe.each(boards())('$title', (board) => {
  const panels = board.panels.filter(({ type }) => type !== 'row');

  test('every panel has a title, a description, a unit and a query, and no number twice', () => {
    expect(panels.length).toBeGreaterThan(5);
    for (const { title, description, fieldConfig, targets } of panels) {
      expect(title).toMatch(/\w/);
      expect(description, title).toMatch(/\w.*\.$/);
      expect(fieldConfig?.defaults.unit, title).toMatch(/\w/);
      expect(targets?.length, title).toBeGreaterThan(0);
      expect(new Set(targets?.map(({ refId }) => refId)).size, title).toBe(targets?.length);
    }
    expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
  });

  test('every panel over time shows its legend', () => {
    for (const { type, title, options } of panels) {
      if (type === 'timeseries' || type === 'state-timeline') expect(options?.legend?.showLegend, title).toBe(true);
    }
  });

  test('knows no data source by name', () => {
    const named = [...JSON.stringify(board).matchAll(/"datasource":(\{[^}]*\}\}?|"[^"]*")/g)].map(([, ref]) => ref);
    expect(named.length).toBeGreaterThan(panels.length);
    for (const ref of named) expect(ref).toContain('${datasource}');
  });

  test('uses no variable that it does not have', () => {
    const known = new Set(board.templating.list.map(({ name }) => name));
    const used = panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => expr.match(/\$\w+/g) ?? []));
    for (const name of used) expect(name.startsWith('$__') || known.has(name.slice(1)), name).toBe(true);
  });
});
