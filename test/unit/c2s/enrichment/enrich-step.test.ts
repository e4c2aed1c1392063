import { describe, expect, it } from 'vitest';
import { parseCpf, type Cpf } from '../../../../src/c2s/enrichment/cpf.ts';
import type { Enrichment } from '../../../../src/c2s/enrichment/repository.ts';
import type { Findings } from '../../../../src/c2s/enrichment/message.ts';
import { enrichStep, type EnrichContext } from '../../../../src/c2s/enrichment/steps.ts';
import type { Dossier } from '../../../../src/c2s/enrichment/work-api.ts';
import { inventedCpf } from '../../../../src/c2s/sandbox/cpf.ts';
import type { WindowClaim } from '../../../../src/c2s/store/windows.ts';

/** A CPF is asked about by one at a time: what the others do, and when the right is given back. */

const [ANA, BIA] = [1, 2].map((n) => parseCpf(inventedCpf(n)) as Cpf) as [Cpf, Cpf];
const OURS: WindowClaim<Findings> = { kind: 'ours' };
const TAKEN: WindowClaim<Findings> = { kind: 'taken' };
const UNKNOWN: Findings = { kind: 'unknown' };
const DOWN: Dossier = { kind: 'unavailable', reason: 'server-error' };

const row = {
  id: 'id',
  progress: { identification: { kind: 'two-people', byPhone: { cpf: ANA }, byEmail: { cpf: BIA } } },
  findings: {},
  failures: 0,
} as unknown as Enrichment;

interface Around {
  /** What is answered to each claim and each question, by CPF. */
  readonly claims?: Record<string, WindowClaim<Findings>>;
  readonly dossiers?: Record<string, Dossier | Error>;
  readonly isLastQuickTry?: boolean;
  /** An order of Make.com's, and whether all were enriched just now. */
  readonly skipsRecent?: boolean;
  readonly wereEnriched?: boolean;
}

async function enrich(around: Around) {
  const { claims = {}, dossiers = {}, isLastQuickTry = false, skipsRecent = false, wereEnriched = false } = around;
  const calls: string[] = [];
  const name = (cpf: Cpf): string => (cpf === ANA ? 'ana' : 'bia');
  const called = (what: string, cpf: Cpf): void => void calls.push(`${what} ${name(cpf)}`);
  const context = {
    owner: 7,
    isLastQuickTry,
    wereEnriched: async (cpfs) => {
      expect(cpfs).toEqual([ANA, BIA]);
      return wereEnriched;
    },
    found: async (cpf) => called('found', cpf),
    pace: { turn: async () => undefined },
    workApi: {
      byCpf: async (cpf) => {
        called('ask', cpf);
        const dossier = dossiers[name(cpf)] ?? { kind: 'unknown' };
        if (dossier instanceof Error) throw dossier;
        return dossier;
      },
      module: () => expect.unreachable(),
    },
    people: {
      claim: async (cpf, asker) => {
        expect(asker).toBe(7);
        return claims[name(cpf)] ?? OURS;
      },
      release: async (cpf) => called('release', cpf),
      answered: async (cpf) => called('answered', cpf),
      store: async () => undefined,
    },
  } as Partial<EnrichContext> as EnrichContext;
  const end = await enrichStep({ ...row, skipsRecent }, context).catch((error: unknown) => error);
  return { end, calls };
}

describe('a CPF', () => {
  it('that nobody asks about is asked about, and its answer ends the claim', async () => {
    const { end, calls } = await enrich({});
    expect(end).toMatchObject({ kind: 'next', changes: { step: 'compose' } });
    // The last one is written down with the step's end.
    expect(calls).toEqual(['ask ana', 'answered ana', 'found ana', 'ask bia', 'answered bia']);
  });

  it('that was answered a moment ago is not asked about', async () => {
    const { end, calls } = await enrich({ claims: { ana: { kind: 'answered', answer: UNKNOWN } } });
    expect(end).toMatchObject({ kind: 'next', changes: { findings: { [ANA]: UNKNOWN } } });
    expect(calls).toEqual(['found ana', 'ask bia', 'answered bia']);
  });

  it('that somebody else asks about is waited for, which is no failure; who is free is asked about meanwhile', async () => {
    const { end, calls } = await enrich({ claims: { ana: TAKEN } });
    expect(end).toMatchObject({ kind: 'again', reason: 'cpf_taken', wait: expect.any(Number) as number });
    expect(calls).toEqual(['ask bia', 'answered bia', 'found bia']);
  });

  it('that is waited for is not left out of the message, even on the last quick try', async () => {
    const { end } = await enrich({ claims: { bia: TAKEN }, isLastQuickTry: true });
    expect(end).toMatchObject({ kind: 'again', reason: 'cpf_taken' });
  });

  it.each(['ana', 'bia'])('that is waited for counts before the failure of the other (%s)', async (taken) => {
    const dossiers = { [taken === 'ana' ? 'bia' : 'ana']: DOWN };
    const { end } = await enrich({ claims: { [taken]: TAKEN }, dossiers, isLastQuickTry: true });
    expect(end).toMatchObject({ kind: 'again', reason: 'cpf_taken', wait: expect.any(Number) as number });
  });

  it.each([
    ['is unavailable', DOWN],
    ['refuses', { kind: 'refused', reason: 'credentials' } as const],
  ])('is given back when Work API %s', async (_, dossier) => {
    const { end, calls } = await enrich({ dossiers: { ana: dossier } });
    expect(end).toMatchObject({ kind: 'again', reason: expect.stringMatching(/^work_api_/) as string });
    expect(end).not.toHaveProperty('wait');
    expect(calls).toEqual(['ask ana', 'release ana', 'ask bia', 'answered bia', 'found bia']);
  });

  it('is given back when what nobody foresaw happens', async () => {
    const error = new Error('unforeseen');
    expect(await enrich({ dossiers: { ana: error } })).toEqual({ end: error, calls: ['ask ana', 'release ana'] });
  });
});

describe('people who were enriched just now', () => {
  it.each([
    { skipsRecent: true, wereEnriched: true, isSkipped: true },
    { skipsRecent: true, wereEnriched: false, isSkipped: false },
    { skipsRecent: false, wereEnriched: true, isSkipped: false },
  ])('are not asked about again for an order that skips them: %o', async ({ isSkipped, ...around }) => {
    const { end, calls } = await enrich(around);
    if (isSkipped)
      expect({ end, calls }).toEqual({
        end: expect.objectContaining({ result: 'deduplicated', cpfs: [ANA, BIA] }) as unknown,
        calls: [],
      });
    else expect(end).toMatchObject({ kind: 'next', changes: { step: 'compose' } });
  });
});
