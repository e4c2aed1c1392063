import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLead } from '../../../../src/c2s/enrichment/lead.ts';

const ID = 'bf1a88eaa4ab34b01a257536563fb42b';
const customer = {
  id: 1,
  name: ' Ana Souza ',
  email: 'ANA@example.com',
  phone: '(11) 3000-0000',
  phone2: '11 90000-0000',
  phone_global: '+5511900000000',
};
const attributes = { customer, messages: [{ body: 'oi' }], unknown: 1 };
const expected = {
  id: ID,
  customerName: 'Ana Souza',
  phones: ['1130000000', '11900000000'],
  emails: ['ana@example.com'],
  messages: [{ body: 'oi' }],
};

describe('a lead is read from', () => {
  test.each([
    ['the JSON:API envelope', { data: { id: ID, type: 'lead', attributes } }],
    ['a list of one', { data: [{ id: ID, attributes }] }],
    ['the resource itself', { id: ID, attributes }],
    ['attributes beside the id', { id: ID, ...attributes }],
    ['the name lead_id for the id', { data: { lead_id: ID, attributes } }],
    ['a flat lead', { ...customer, id: ID, customer: 'Ana Souza', messages: attributes.messages }],
  ])('%s', (_form, answer) => expect(readLead(answer, ID)).toEqual({ ok: true, lead: expected }));
});

describe('what is not there', () => {
  test('no phone, no e-mail, no name: empty and absent', () => {
    const blank = { id: 5, attributes: { customer: { name: '', phone: '', email: '' }, messages: [] } };
    expect(readLead(blank, '5')).toEqual({ ok: true, lead: { id: '5', phones: [], emails: [], messages: [] } });
  });

  test.each([[{}], [{ messages: null }]])('messages absent are not messages empty: %j', (more) => {
    const read = readLead({ data: { id: ID, attributes: { customer, ...more } } }, ID);
    expect(read.ok && 'messages' in read.lead).toBe(false);
  });

  test('wrong types are as good as nothing', () => {
    const odd = { id: ID, attributes: { customer: { name: {}, phone: [], email: 7, phone2: false }, messages: 'x' } };
    expect(readLead(odd, ID)).toEqual({ ok: true, lead: { id: ID, phones: [], emails: [], messages: 'x' } });
  });
});

test('two addresses in the field of the e-mail are two', () => {
  const two = { id: ID, attributes: { customer: { email: 'Ana@example.com / ana@example.org' } } };
  const read = readLead(two, ID);
  expect(read.ok && read.lead.emails).toEqual(['ana@example.com', 'ana@example.org']);
});

test('two leads, or none, are refused', () => {
  expect(readLead({ data: [{ id: '1' }, { id: '2' }] }, '1')).toEqual({ ok: false, reason: 'several leads' });
  for (const answer of [null, undefined, 'x', [], {}, { data: null }, { data: [] }, { data: { id: '' } }, { id: {} }])
    expect(readLead(answer, '5')).toEqual({ ok: false, reason: 'not a lead' });
});

describe('the lead that was asked for, and no other', () => {
  test.each<[unknown, string]>([
    [{ id: '5' }, '5'],
    [{ data: { id: 5 } }, '5'],
    [{ data: [{ lead_id: 5 }] }, '5'],
    [{ data: { id: ID, internal_id: 9005 } }, '9005'],
    [{ data: { id: ' 5 ' } }, '5'],
  ])('%j is the lead %s', (answer, asked) => expect(readLead(answer, asked).ok).toBe(true));

  test.each<[unknown, string]>([
    [{ data: { id: ID, attributes } }, 'another'],
    [{ data: [{ id: ID, attributes }] }, '5'],
    [{ id: 55, attributes }, '5'],
    [{ lead_id: 6, ...attributes }, '5'],
    [{ data: { id: ID, internal_id: 9006, attributes } }, '9005'],
    [{ data: { id: ID, attributes: { ...attributes, id: '5' } } }, '5'],
  ])('%j is not the lead %s', (answer, asked) =>
    expect(readLead(answer, asked)).toEqual({ ok: false, reason: 'another lead' }),
  );
});

test('no JSON makes the reader throw', () => {
  const part = fc.jsonValue();
  const shapes = fc.oneof(
    part,
    fc.record({ data: part }),
    fc.record({ id: part, attributes: fc.record({ customer: part }) }),
  );
  fc.assert(
    fc.property(shapes, (answer) => void expect(typeof readLead(answer, '5').ok).toBe('boolean')),
    { numRuns: 300 },
  );
});
