import { describe, expect, test } from 'vitest';
import { diretrixPhone, diretrixPhones } from '../../../../src/c2s/enrichment/phone.ts';
import { PEOPLE } from '../../../../src/c2s/sandbox/people.ts';

describe('one phone, without the country code', () => {
  test.each([
    ['+55 (11) 98765-4321', '11987654321'],
    ['5511987654321', '11987654321'],
    ['11.98765.4321', '11987654321'],
    ['011 98765-4321', '11987654321'],
    ['015 11 98765-4321', '11987654321'],
    ['0055 11 98765-4321', '11987654321'],
    ['(11) 3333-4444', '1133334444'],
    ['Cel: (11) 98765-4321', '11987654321'],
    ['p:+5511987654321', '11987654321'],
    ['11 98765-4321 ramal 12', '11987654321'],
    ['(11) 98765-4321 (WhatsApp)', '11987654321'],
  ])('%s is %s', (written, expected) => expect(diretrixPhone(written)).toBe(expected));

  test.each([
    ['55987654321', '55987654321'],
    ['5555987654321', '55987654321'],
    ['5533334444', '5533334444'],
  ])('55 is an area code, too: %s is %s', (written, expected) => expect(diretrixPhone(written)).toBe(expected));

  test.each([
    ['1187654321', '11987654321'],
    ['+551187654321', '11987654321'],
    ['55 11 6765-4321', '11967654321'],
  ])('a mobile of the time before the ninth digit gets it: %s is %s', (written, expected) =>
    expect(diretrixPhone(written)).toBe(expected),
  );

  test.each([
    ['without area code', '98765-4321'],
    ['an area code that does not exist', '20987654321'],
    ['a digit too many', '119876543210'],
    ['another country', '+1 212 555 0123'],
    ['free of charge, so everybody’s', '0800 123 4567'],
    ['a service number', '4004-1234'],
    ['zeros', '00000000000'],
    ['nothing', ''],
    ['no digits', 'não tem'],
    ['far too long', '1'.repeat(100_000)],
  ])('%s is no phone', (_why, written) => expect(diretrixPhone(written)).toBeUndefined());
});

test('the fields of a lead give each phone once, in their order; fields may hold several, or be anything', () => {
  const fields = ['11 3000-0000 / 11 90000-0000', 11_987_654_321, null, {}, undefined, '+5511987654321'];
  expect(diretrixPhones(fields)).toEqual(['1130000000', '11900000000', '11987654321']);
  expect(diretrixPhones(['11 98765-4321 ou 41 98765-4321'])).toEqual(['11987654321', '41987654321']);
});

test('whoever the sandbox knows is found by the phone in either spelling', () => {
  const phones = PEOPLE.flatMap((person) => person.phones);
  expect(phones.map((phone) => diretrixPhone(`+55${phone}`))).toEqual(phones);
  expect(phones.map(diretrixPhone)).toEqual(phones);
});
