import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCpf, type Cpf } from '../../../../src/c2s/enrichment/cpf.ts';
import { findMarked, markerOf } from '../../../../src/c2s/enrichment/marker.ts';
import { composeMessage, CUT, SHORTEST_MESSAGE, type MessageSubject } from '../../../../src/c2s/enrichment/message.ts';
import { inventedCpf } from '../../../../src/c2s/sandbox/cpf.ts';

const CPF = parseCpf(inventedCpf(1)) as Cpf;

/** Any UTF-16, lone surrogates and all, emoji with their joiners, and texts that try to be ours. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 400 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 30 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('👨‍👩‍👧‍👦'.repeat(50), 'e\u0301'.repeat(300), 'a\n✅ DADOS PESSOAIS', `\n${CUT}`, 'ref. c2s-0123456789ab'),
);
const optional = { requiredKeys: [] as never[] };
const person = fc.record({
  cpf: fc.constant(CPF),
  name: text,
  motherName: text,
  economics: fc.record({ income: fc.record({ text }), risk: text, score: text }, optional),
  emails: fc.array(text, { maxLength: 5 }),
  phones: fc.array(fc.record({ number: text, isWhatsapp: fc.boolean() }), { maxLength: 5 }),
  addresses: fc.array(fc.record({ street: text, city: text, state: text }, optional), { maxLength: 3 }),
  companies: fc.array(fc.record({ cnpj: text, relation: text }, optional), { maxLength: 4 }),
});
const subject = (by: MessageSubject['by']): fc.Arbitrary<MessageSubject> =>
  fc.record({
    by: fc.constant(by),
    identity: fc.record({ cpf: fc.constant(CPF), name: text }),
    findings: fc.oneof(
      { weight: 5, arbitrary: person.map((found) => ({ kind: 'found' as const, person: found })) },
      fc.constantFrom({ kind: 'unknown' as const }, { kind: 'failed' as const }),
    ),
  });
const contents = fc.record({
  subjects: fc.oneof(fc.tuple(subject('both')), fc.tuple(subject('phone'), subject('email'))),
  unanswered: fc.constantFrom(undefined, 'phone' as const, 'email' as const),
});
const settings = fc.record({
  marker: fc.uuid().map(markerOf),
  maxLength: fc.integer({ min: SHORTEST_MESSAGE, max: 3_000 }),
  incomeMultiplier: fc.constantFrom(1, 1.5),
});

const TITLE = /^(?:✅|💰|📧|📱|🏠|🏢|📞|⚠️|ℹ️)/u;
const OURS =
  /^(?:✅ DADOS PESSOAIS|💰 DADOS FINANCEIROS|📧 EMAILS|📱 TELEFONES|🏠 ENDEREÇOS|🏢 EMPRESAS|📞 PESSOA DO TELEFONE|📧 PESSOA DO E-MAIL|📞📧 Telefone e e-mail da mesma pessoa|⚠️ .*|ℹ️ .*)$/u;

test('never too long, always well formed, always marked in its second line, once, and cut only between lines', () => {
  fc.assert(
    fc.property(contents, settings, (what, how) => {
      const message = composeMessage(what, how);
      expect(message.length).toBeLessThanOrEqual(how.maxLength);
      expect(message.isWellFormed()).toBe(true);
      expect(message.split('\n')[1]).toBe(how.marker);
      expect(message.split(how.marker)).toHaveLength(2);
      expect(findMarked([message], how.marker)).toBe('yes');

      const whole = composeMessage(what, { ...how, maxLength: 100_000 });
      const lines = message.split('\n');
      const cut = lines.indexOf(CUT);
      expect(cut < 0).toBe(whole.length <= how.maxLength);
      if (cut >= 0) expect(whole.startsWith(`${lines.slice(0, cut).join('\n')}\n`)).toBe(true);
      for (const line of lines) if (TITLE.test(line)) expect(line).toMatch(OURS);
    }),
    { numRuns: 150 },
  );
});
