import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readC2sPush } from '../../../../src/c2s/enrichment/webhook-c2s.ts';

const ID = 'bf1a88eaa4ab34b01a257536563fb42b';
const AT = '2026-01-02T03:04:05Z';
const event = { id: ID, hook_action: 'on_create_lead', attributes: { updated_at: AT, customer: { name: 'Ana' } } };
const read = { leadId: ID, action: 'on_create_lead', key: `${ID}@${AT}` };
const events = (body: unknown) => {
  const push = readC2sPush(body);
  return push.kind === 'events' ? push.events : [];
};

describe('a push is', () => {
  test.each([
    ['one event', event],
    ['one event in an envelope', { data: event }],
    ['an envelope with the action beside it', { hook_action: 'on_create_lead', data: { ...event, hook_action: null } }],
    ['a list', [event]],
    ['a list of envelopes', [{ data: event }]],
    ['a list in an envelope', { hook_action: 'on_create_lead', data: [{ ...event, hook_action: undefined }] }],
    ['a flat lead', { lead_id: ID, hook_action: 'on_create_lead', updated_at: AT }],
  ])('%s', (_form, body) => expect(readC2sPush(body)).toEqual({ kind: 'events', events: [read], malformed: [] }));

  test('an empty list: no events', () => {
    expect(readC2sPush([])).toEqual({ kind: 'events', events: [], malformed: [] });
  });
});

describe('the key', () => {
  test.each([
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
    ['2026-01-02T03:04:05.000Z', '2026-01-02T03:04:05Z'],
    ['2026-01-02t03:04:05z', '2026-01-02T03:04:05Z'],
    ['2026-01-02T00:04:05-03:00', '2026-01-02T03:04:05Z'],
    ['2026-01-02 03:04:05.250 +0000', '2026-01-02T03:04:05.25Z'],
    ['2026-01-02 00:04:05.25 -0300', '2026-01-02T03:04:05.25Z'],
    ['2026-01-02 03:04:05 UTC', '2026-01-02T03:04:05Z'],
    ['2026-01-02 03:04:05.123456789', '2026-01-02T03:04:05.123456Z'],
    ['2026-01-02 03:04:05', '2026-01-02T03:04:05Z'],
    ['2026-13-02T03:04:05Z', '2026-13-02T03:04:05Z'],
    ['02/01/2026 03:04', '02/01/2026 03:04'],
  ])('of %s names the instant %s', (updated_at, version) => {
    for (const body of [
      { id: ID, attributes: { updated_at } },
      { id: ID, updated_at },
    ])
      expect(events(body).map(({ key }) => key)).toEqual([`${ID}@${version}`]);
  });

  test('is the same for a second delivery and another after a change', () => {
    const later = { ...event, attributes: { updated_at: '2026-01-02T03:04:06Z' } };
    const keys = events([event, structuredClone(event), later]).map(({ key }) => key);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  test('without updated_at is a digest of the event, which shows nothing of it', () => {
    const [first, again, other] = events([
      { id: 5, attributes: { customer: { name: 'Ana' } } },
      { id: 5, attributes: { customer: { name: 'Ana' } } },
      { id: 5, attributes: { customer: { name: 'Bia' } } },
    ]);
    expect(first?.key).toMatch(/^5@[0-9a-f]{32}$/);
    expect(again?.key).toBe(first?.key);
    expect(other?.key).not.toBe(first?.key);
  });
});

test('a bad event costs the others nothing, and is reported by its place', () => {
  const push = readC2sPush([
    event,
    null,
    'x',
    [],
    {},
    { id: '' },
    { id: '../me' },
    { id: 'a'.repeat(65) },
    { data: {} },
    event,
  ]);
  expect(push).toEqual({
    kind: 'events',
    events: [read, read],
    malformed: [
      { index: 1, reason: 'not an object' },
      { index: 2, reason: 'not an object' },
      { index: 3, reason: 'not an object' },
      { index: 4, reason: 'no id' },
      { index: 5, reason: 'no id' },
      { index: 6, reason: 'the id is not one of a lead' },
      { index: 7, reason: 'the id is not one of a lead' },
      { index: 8, reason: 'no id' },
    ],
  });
});

test.each([12_345_678_901_234_567_890, 2 ** 53, 1.5, 0, -0, -1, Number.NaN])(
  'the number %d is no id: it has lost digits, or never was one, and could name another lead',
  (id) => {
    for (const one of [{ id }, { lead_id: id }, { data: { id } }]) {
      const malformed = [{ index: 0, reason: 'the id is not one of a lead' }];
      expect(readC2sPush(one)).toEqual({ kind: 'events', events: [], malformed });
    }
  },
);

test('the key of an event is text that a database gives back as it was', () => {
  const push = readC2sPush({ id: '1', updated_at: `${'a'.repeat(63)}😀b` });
  expect(push.kind === 'events' && push.events[0]?.key).toBe(`1@${'a'.repeat(63)}\ufffd`);
});

test('more than the limit is refused whole', () => {
  const list = Array.from({ length: 1_001 }, (_, id) => ({ id }));
  expect(readC2sPush(list)).toEqual({ kind: 'too-many', count: 1_001, limit: 1_000 });
  expect(readC2sPush({ data: list }, 1_000)).toMatchObject({ kind: 'too-many' });
  expect(events(list.slice(1))).toHaveLength(1_000);
});

test('nothing throws: any JSON, and JSON so deep that it cannot be written again', () => {
  const part = fc.jsonValue({ maxDepth: 3 });
  const shaped = fc.record({ id: part, hook_action: part, attributes: part, data: part }, { requiredKeys: [] });
  fc.assert(
    fc.property(fc.oneof(part, shaped, fc.array(shaped, { maxLength: 5 })), (body) => {
      const push = readC2sPush(body);
      const seen = push.kind === 'events' ? push.events.length + push.malformed.length : 0;
      expect(seen).toBeGreaterThanOrEqual(Array.isArray(body) ? body.length : 0);
    }),
    { numRuns: 300 },
  );
  const deep = JSON.parse(`{"id":"1","x":${'['.repeat(200_000)}${']'.repeat(200_000)}}`) as unknown;
  expect(readC2sPush(deep)).toMatchObject({ malformed: [{ index: 0, reason: 'nested too deep' }] });
});
