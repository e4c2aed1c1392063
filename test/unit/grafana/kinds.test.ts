import { describe, expect, test } from 'vitest';
import { KINDS, PANELS, type PanelKind } from '../../e2e/kit/panel-kinds.ts';
import { allPanels, type NamedPanel } from '../../e2e/kit/promql.ts';

/** The unit, scale, thresholds and names of every panel fit the kind of its value. */

const panels = allPanels();
const of = (name: string): PanelKind => PANELS[name] ?? { kind: 'count', better: 'neither' };
const GOOD = 'green';
const BAD = ['red', 'orange'];
/** Without an opinion on its value. */
const PLAIN = ['blue', 'green'];

test('every panel has a kind, and every kind a panel', () => {
  expect(panels.map(({ name }) => name).sort()).toEqual(Object.keys(PANELS).sort());
});

describe.each(panels)('$name', ({ name, panel }: NamedPanel) => {
  const { kind, better } = of(name);
  const { unit, min, max, thresholds, mappings = [] } = panel.fieldConfig?.defaults ?? {};
  const steps = thresholds?.steps ?? [];
  const limits = steps.slice(1).map(({ value }) => value ?? NaN);

  test(`has the unit of a ${kind}`, () => {
    expect(KINDS[kind]).toContain(unit);
  });

  test('has thresholds within its scale, in order', () => {
    expect(limits).toEqual([...limits].sort((a, b) => a - b));
    for (const limit of limits) {
      expect(limit).toBeGreaterThan(0);
      if (kind === 'share' || kind === 'difference') expect(limit).toBeLessThanOrEqual(1);
      if (kind === 'count' || kind === 'state') expect(Number.isInteger(limit)).toBe(true);
      if (kind === 'multiple') expect(limit).toBeGreaterThan(1);
    }
    if (kind === 'share' && max !== undefined) expect(max).toBe(1);
    if (min !== undefined) expect(min).toBe(0);
  });

  test('is green where it is well', () => {
    const colours = steps.map(({ color }) => color);
    if (better === 'high') {
      expect(colours.at(-1)).toBe(GOOD);
      expect(BAD).toContain(colours[0]);
    } else if (better === 'low') {
      expect(colours[0]).toBe(GOOD);
      expect(colours.length).toBeGreaterThan(1);
      for (const colour of colours.slice(1)) expect(BAD).toContain(colour);
    } else for (const colour of colours) expect(PLAIN).toContain(colour);
  });

  test('has a name for every state, and for nothing else', () => {
    const names = mappings.flatMap(({ options }) => Object.keys(options));
    if (kind !== 'state') expect(names).toEqual([]);
    else expect(names).toEqual(Array.from({ length: names.length }, (_, i) => String(i)));
    if (kind === 'state') expect(names.length).toBeGreaterThan(1);
  });
});
