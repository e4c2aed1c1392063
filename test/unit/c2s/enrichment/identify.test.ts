import { describe, expect, test } from 'vitest';
import { parseCpf, type Cpf } from '../../../../src/c2s/enrichment/cpf.ts';
import type { Diretrix, LookUp } from '../../../../src/c2s/enrichment/diretrix.ts';
import { identify, subjectsOf, unansweredOf } from '../../../../src/c2s/enrichment/identify.ts';
import { inventedCpf } from '../../../../src/c2s/sandbox/cpf.ts';

const ana = { cpf: parseCpf(inventedCpf(1)) as Cpf, name: 'ANA' };
const bia = { cpf: parseCpf(inventedCpf(2)) as Cpf, name: 'BIA' };
const found = (...[first = ana, ...others]: (typeof ana)[]): LookUp => ({
  kind: 'found',
  identities: [first, ...others],
});
const nobody: LookUp = { kind: 'nobody' };
const down: LookUp = { kind: 'unavailable', reason: 'deadline' };
const throttled = (retryAfterMs: number): LookUp => ({ kind: 'unavailable', reason: 'throttled', retryAfterMs });
const refused: LookUp = { kind: 'refused', reason: 'credentials' };

const BOTH = { phones: ['11900000000'], email: 'a@example.com' };

/** A Diretrix that answers each phone in turn, and notes what it was asked. */
function diretrix(phones: LookUp | Record<string, LookUp>, email: LookUp = nobody) {
  const asked: string[] = [];
  const client: Diretrix = {
    byPhone: async (phone) => {
      asked.push(phone);
      return 'kind' in phones ? (phones as LookUp) : (phones[phone] ?? nobody);
    },
    byEmail: async (address) => {
      asked.push(address);
      return email;
    },
  };
  return { client, asked };
}

const conclusion = (phone: LookUp, email: LookUp) => identify(diretrix(phone, email).client, BOTH);

describe('phone and e-mail', () => {
  test.each<[string, LookUp, LookUp, object]>([
    ['the same CPF', found(ana), found(ana), { kind: 'one-person-both', person: ana }],
    ['two CPFs', found(ana), found(bia), { kind: 'two-people', byPhone: ana, byEmail: bia }],
    [
      'several each: the first counts',
      found(ana, bia),
      found(bia, ana),
      { kind: 'two-people', byPhone: ana, byEmail: bia },
    ],
    ['only the phone', found(ana), nobody, { kind: 'by-phone', person: ana, email: 'nobody' }],
    ['only the e-mail', nobody, found(bia), { kind: 'by-email', person: bia, phone: 'nobody' }],
    ['neither', nobody, nobody, { kind: 'nobody', reason: 'no-match' }],
    ['the e-mail failed', found(ana), down, { kind: 'by-phone', person: ana, email: 'failed' }],
    ['the phone was refused', refused, found(bia), { kind: 'by-email', person: bia, phone: 'failed' }],
    ['one failed and the other knows nobody', down, nobody, { kind: 'cannot-say', isTransient: true }],
    ['both failed', down, down, { kind: 'cannot-say', isTransient: true }],
    ['both refused', refused, refused, { kind: 'cannot-say', isTransient: false }],
    ['one refused, one failed', refused, down, { kind: 'cannot-say', isTransient: true }],
    [
      'both throttled: the longer wait',
      throttled(1_000),
      throttled(9_000),
      { kind: 'cannot-say', isTransient: true, retryAfterMs: 9_000 },
    ],
  ])('%s', async (_what, phone, email, expected) => expect(await conclusion(phone, email)).toEqual(expected));

  test('are looked up at the same time', async () => {
    const waiting: (() => void)[] = [];
    const slow = () => new Promise<LookUp>((resolve) => waiting.push(() => resolve(found(ana))));
    const result = identify({ byPhone: slow, byEmail: slow }, BOTH);
    expect(waiting).toHaveLength(2);
    for (const answer of waiting) answer();
    expect(await result).toMatchObject({ kind: 'one-person-both' });
  });
});

describe('a lead without one of them', () => {
  test.each([
    [
      { phones: [], email: 'a@example.com' },
      { kind: 'by-email', person: bia, phone: 'not-asked' },
    ],
    [{ phones: ['11900000000'] }, { kind: 'by-phone', person: ana, email: 'not-asked' }],
    [{ phones: [] }, { kind: 'nobody', reason: 'nothing-to-look-up' }],
  ])('%j', async (contacts, expected) =>
    expect(await identify(diretrix(found(ana), found(bia)).client, contacts)).toEqual(expected),
  );
});

describe('several phones', () => {
  const phones = ['1', '2', '3'];

  test('the next is asked when nobody is behind the one before, and no more than needed', async () => {
    const { client, asked } = diretrix({ '2': found(ana) });
    expect(await identify(client, { phones })).toMatchObject({ kind: 'by-phone', person: ana });
    expect(asked).toEqual(['1', '2']);
  });

  test('a failure ends the row: the next phone might be another person’s', async () => {
    const { client, asked } = diretrix({ '1': down, '2': found(ana) });
    expect(await identify(client, { phones })).toEqual({ kind: 'cannot-say', isTransient: true });
    expect(asked).toEqual(['1']);
  });
});

test('the people to ask about, and the contact that gave no answer', async () => {
  const [both, two, half, none] = await Promise.all([
    conclusion(found(ana), found(ana)),
    conclusion(found(ana), found(bia)),
    conclusion(down, found(bia)),
    conclusion(nobody, nobody),
  ]);
  expect(subjectsOf(both)).toEqual([{ by: 'both', identity: ana }]);
  expect(subjectsOf(two)).toEqual([
    { by: 'phone', identity: ana },
    { by: 'email', identity: bia },
  ]);
  expect(subjectsOf(half)).toEqual([{ by: 'email', identity: bia }]);
  expect(subjectsOf(none)).toEqual([]);
  expect([both, two, half, none].map(unansweredOf)).toEqual([undefined, undefined, 'phone', undefined]);
  expect(unansweredOf(await conclusion(found(ana), down))).toBe('email');
});
