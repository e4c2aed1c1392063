import { describe, expect, it } from 'vitest';
import { describeEnd, describeUnderWay, idIn } from '../../../../../src/facade/compare/unknown-writes/describe.ts';
import { ValueSeal } from '../../../../../src/facade/compare/unknown-writes/seal.ts';
import type { Outcome } from '../../../../../src/facade/rollout/outcome.ts';
import { NOON, READ_BACK } from '../support.ts';
import { askedOf, type AskedParts } from './support.ts';

const describing = { now: NOON, seal: new ValueSeal('secret') };
const BODY = Buffer.from('{"message":"Bom dia, Maria"}');
const NO_VERIFY = READ_BACK.replace(/\nverify.*/, '');

const ended = (parts: AskedParts = {}, body: Buffer | undefined = BODY, outcome: Outcome = 'upstream_respond') =>
  describeEnd(askedOf(parts), { path: 'gateway', outcome, status: 502, body }, describing);

describe('what is kept of an unknown write', () => {
  it('has hashes of what is looked for, and no value', () => {
    const write = ended();
    expect(write).toMatchObject({
      state: 'open',
      why: null,
      template: '/leads/:leadId/messages',
      params: ['42'],
      caller: 'abcdefabcdef',
      status: 502,
      cause: 'upstream',
      shape: { json: { message: 'string' } },
      checks: {
        keyId: describing.seal.keyId,
        fields: [{ name: 'message', value: describing.seal.seal('Bom dia, Maria') }],
      },
    });
    expect(JSON.stringify(write)).not.toContain('Maria');
    expect(Number(write.nextLookAt)).toBeGreaterThan(NOON);
  });

  it.each<[string, AskedParts, Buffer | undefined, string]>([
    ['no_rule', { row: NO_VERIFY }, BODY, 'no_rule'],
    ['unknown_caller', { caller: undefined }, BODY, 'unknown_caller'],
    ['no_id', { params: ['529.982.247-25'] }, BODY, 'no_id'],
    ['nothing_to_check: no field', {}, Buffer.from('{}'), 'nothing_to_check'],
    [
      'nothing_to_check: more fields than are looked for',
      {},
      Buffer.from(JSON.stringify(Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`f${i}`, i])))),
      'nothing_to_check',
    ],
  ])('cannot be looked for: %s', (_, parts, body, why) => {
    expect(ended(parts, body)).toMatchObject({ state: 'cannot_tell', why, checks: null, nextLookAt: null });
  });

  it('cannot be looked for: body_not_kept', () => {
    const end = { path: 'gateway', outcome: 'upstream_respond', status: 502, body: undefined } as const;
    expect(describeEnd(askedOf(), end, describing)).toMatchObject({ why: 'body_not_kept', checks: null });
  });

  it.each<[Outcome, string]>([
    ['upstream_respond', 'upstream'],
    ['upstream_error', 'answered'],
    ['client_respond', 'caller'],
  ])('of %s the cause is %s', (outcome, cause) => {
    expect(ended({}, BODY, outcome).cause).toBe(cause);
  });

  it('while it is under way nobody looks, and then its process is the cause', () => {
    expect(describeUnderWay(askedOf(), BODY, describing, 45_000)).toMatchObject({
      state: 'under_way',
      cause: 'facade',
      outcome: null,
      status: null,
      nextLookAt: new Date(NOON + 45_000),
      checks: { fields: [{ name: 'message' }] },
    });
  });
});

it.each<[string, string]>([
  ['42', '42'],
  ['123456789', '123456789'],
  ['1234567890', ''],
  ['52998224725', ''],
  ['5-2-9-9-8-2-2-4-7-2-5', ''],
  ['8e03978e-40d5-43e8-bc93-6894a57f9324', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
  ['maria', ''],
  ['a@b1.com', ''],
  ['+5511999990000', ''],
  ['', ''],
  [`a1${'x'.repeat(63)}`, ''],
])('idIn(%s) is "%s"', (value, id) => {
  expect(idIn(value)).toBe(id);
});
