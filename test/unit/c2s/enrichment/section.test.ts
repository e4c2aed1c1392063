import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ENRICHMENT_SECTION, unsignedUntil, type EnrichmentConfig } from '../../../../src/c2s/enrichment/section.ts';
import { TABLE_SCHEMA } from '../../../../src/c2s/table-schema.ts';
import { formatProblems, parseConfig } from '../../../../src/facade/config/load.ts';
import { splitLimits } from '../../../../src/facade/config/per-worker-limits.ts';

const ENV = { C2S_BASE_URL: 'http://crm.example' };
const shipped = readFileSync('config/facade.yaml', 'utf8');
const parse = (section: string) => parseConfig(`${shipped}\nenrichment: ${section}\n`, ENV, TABLE_SCHEMA);

test('has a default for everything', () => {
  const parsed = parseConfig(shipped, ENV, TABLE_SCHEMA);
  expect(parsed).toMatchObject({
    ok: true,
    config: { extension: { concurrency: 32, settle: 60_000, retry: { quick: [5_000, 10_000, 20_000] } } },
  });
});

test.each([
  ['{ concurency: 8 }', 'enrichment.concurency: unknown key; did you mean "concurrency"?'],
  ['{ window: 301s }', 'enrichment.window: "301s" is not in the right form; write at most 300s'],
  ['{ workApi: { pace: soon } }', 'enrichment.workApi.pace: "soon" is not in the right form; write'],
])('refuses %s', (section, line) => {
  const parsed = parse(section);
  expect(parsed.ok ? '' : formatProblems('f', parsed.problems)).toContain(line);
});

test('of several workers each works on its part of the enrichments, and on one at least', () => {
  const parsed = parse('{ concurrency: 7 }');
  if (!parsed.ok) throw new Error('refused');
  const concurrencyOf = (workers: number) =>
    (splitLimits(parsed.config, workers, ENRICHMENT_SECTION).extension as EnrichmentConfig).concurrency;
  expect([1, 2, 3, 8].map(concurrencyOf)).toEqual([7, 3, 2, 1]);
});

describe('pushes without a secret', () => {
  afterEach(() => vi.useRealTimers());
  const NOW = Date.parse('2026-11-30T12:00:00Z');
  const until = (day: string) => parse(`{ webhooks: { c2s: { acceptUnsignedUntil: ${day} } } }`);

  test.each([
    ['2026-11-30', ['unsigned-pushes']],
    ['2027-06-02', ['unsigned-pushes']],
    ['2026-11-29', ['unsigned-pushes-over']],
  ])('are taken until %s: %j', (day, kinds) => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW });
    const parsed = until(day);
    if (!parsed.ok) throw new Error('refused');
    const settings = parsed.config.extension as EnrichmentConfig;
    expect(ENRICHMENT_SECTION.warnings?.(settings, NOW).map(({ kind }) => kind)).toEqual(kinds);
    expect(unsignedUntil(settings)).toBe(Date.parse(day) + 86_400_000);
  });

  test.each([
    ['2027-06-03', 'write a day at most 184 days from now'],
    ['2027-02-30', 'write a day, such as 2027-01-31'],
    ['soon', 'write a day, such as 2027-01-31'],
  ])('are not taken until %s', (day, remedy) => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW });
    const parsed = until(day);
    expect(parsed.ok ? '' : formatProblems('f', parsed.problems)).toContain(remedy);
  });

  test('by default are refused, and nothing is warned of', () => {
    const parsed = parse('{}');
    if (!parsed.ok) throw new Error('refused');
    const settings = parsed.config.extension as EnrichmentConfig;
    expect([unsignedUntil(settings), ENRICHMENT_SECTION.warnings?.(settings, NOW)]).toEqual([undefined, []]);
  });
});
