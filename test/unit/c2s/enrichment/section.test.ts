import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ENRICHMENT_SECTION, type EnrichmentConfig } from '../../../../src/c2s/enrichment/section.ts';
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
