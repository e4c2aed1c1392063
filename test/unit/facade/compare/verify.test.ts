import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { verifyWrite } from '../../../../src/facade/compare/verify.ts';
import { compileRoutes } from '../../../../src/facade/rollout/compile.ts';
import { configOf } from '../config/support.ts';
import type { Dialect, RouteModel } from '../../../../src/facade/rollout/route.ts';
import { answer, json } from './support.ts';

/** The routes that we ship. */
const text = readFileSync(join(import.meta.dirname, '../../../../config/facade.yaml'), 'utf8');
const routes = new Map(compileRoutes(configOf(text), CONTACT2SALE).map((route) => [route.id, route]));

const LEAD = {
  data: {
    id: 'a',
    attributes: {
      description: 'Casa com jardim',
      customer: { name: 'Cliente Um' },
      product: { description: 'Casa' },
      seller: { id: 7 },
      messages: [{ body: 'Oi' }, { body: 'Bom dia' }],
    },
  },
};

function verified(id: string, asked: unknown, read = json(LEAD), dialect: Dialect = 'gateway') {
  const route = routes.get(id);
  if (!route) throw new Error(`no route ${id}`);
  const body = Buffer.from(typeof asked === 'string' ? asked : JSON.stringify(asked));
  const { result, missing, why } = verifyWrite(route, body, dialect, read, 1_000_000);
  return why ?? (missing.length > 0 ? `${result}: ${missing.join()}` : result);
}

describe('reading a write back', () => {
  it.each([
    ['leads.messages.create', 'direct', { body: 'Bom dia', leadId: 'a' }, 'arrived'],
    ['leads.messages.create', 'gateway', { message: 'Bom dia' }, 'arrived'],
    ['leads.messages.create', 'lost', { message: 'Boa tarde' }, 'not_arrived: message'],
    ['leads.update', 'whole', { customer: 'Cliente Um', description: 'Casa com jardim' }, 'arrived'],
    ['leads.update', 'half', { customer: 'Cliente Dois', product: 'Casa' }, 'not_arrived: customer'],
    ['leads.update', 'null asks for nothing', { customer: 'Cliente Um', product: null }, 'arrived'],
    ['leads.forward', 'number', { seller_id: 7 }, 'arrived'],
    ['leads.forward', 'text', { seller_id: '7' }, 'arrived'],
    ['leads.forward', 'other', { seller_id: '8' }, 'not_arrived: seller_id'],
  ])('%s, %s', (id, _, asked, expected) => {
    expect(verified(id, asked, undefined, 'body' in asked ? 'direct' : 'gateway')).toBe(expected);
  });

  it.each(['direct', 'gateway'] as const)('a field that the route does not know counts as asked (%s)', (dialect) => {
    const asked = { description: 'Casa com jardim', phone: '+55 11' };
    const lead = (phone: unknown) => json({ data: { attributes: { ...LEAD.data.attributes, customer: { phone } } } });
    expect(verified('leads.update', asked, json(LEAD), dialect)).toBe('not_arrived: phone');
    expect(verified('leads.update', asked, lead('other'), dialect)).toBe('not_arrived: phone');
    expect(verified('leads.update', asked, lead('+55 11'), dialect)).toBe('arrived');
    expect(verified('leads.update', { phone: '+55 11' }, json(LEAD), dialect)).toBe('not_arrived: phone');
  });

  it('a name that may be a person’s own is not shown, and one that is no JSONPath is looked for', () => {
    const shown = 'not_arrived: a field that the route does not know';
    for (const name of ['ana@example.test', '5511999990000', '"]', '\u{1f600}', '__proto__', '\ud800']) {
      expect([name, verified('leads.update', `{${JSON.stringify(name)}:"x"}`)]).toEqual([name, shown]);
    }
  });

  it('finds a tag among those of the lead', () => {
    expect(verified('leads.tags.add', { tag_id: '3' }, json({ data: [{ id: 2 }, { id: 3 }] }))).toBe('arrived');
    expect(verified('leads.tags.add', { tag_id: '3' }, json({ data: [] }))).toBe('not_arrived: tag_id');
  });

  it.each<[string, unknown, unknown, string | undefined]>([
    ['none of them', 'Boa tarde', [{ body: 'Oi' }], undefined],
    ['no message at all', 'Boa tarde', [], undefined],
    ['another one that begins alike', 'Boa tarde', [{ body: 'Boa tarde a todos' }], undefined],
    ['other ends of lines', 'a\r\nb', [{ body: 'a\nb' }], 'in_another_form'],
    ['other blanks', 'Boa  tarde', [{ body: 'Boa tarde' }], 'in_another_form'],
    ['composed letters', 'cafe\u0301', [{ body: 'caf\u00e9' }], 'in_another_form'],
    ['escaped', 'Ana & <b>Rui</b>', [{ body: 'Ana &amp; &lt;b&gt;Rui&lt;/b&gt;' }], 'in_another_form'],
    ['in a paragraph', 'Boa tarde', [{ body: '<p>Boa tarde</p>' }], 'in_another_form'],
    ['without its emoji', 'Boa tarde \u{1f600}', [{ body: 'Boa tarde' }], 'in_another_form'],
    ['cut', 'Boa tarde '.repeat(60), [{ body: 'Boa tarde '.repeat(25) }], 'in_another_form'],
    ['no messages in the record', 'Boa tarde', undefined, 'not_shown'],
    ['messages of another shape', 'Boa tarde', { data: [], links: { next: '/2' } }, 'not_shown'],
    ['messages under another name', 'Boa tarde', [{ text: 'Boa tarde' }], 'not_shown'],
  ])('what did not arrive as it was asked may be there: %s', (_, message, messages, doubt) => {
    const read = json({ data: { attributes: { messages } } });
    const route = routes.get('leads.messages.create') as RouteModel;
    const body = Buffer.from(JSON.stringify({ message }));
    const found = verifyWrite(route, body, 'gateway', read, 1_000_000);
    expect([found.result, found.doubt]).toEqual(['not_arrived', doubt]);
  });

  it.each<[string, object, string | undefined]>([
    ['whole', {}, undefined],
    ['whole by its total', { meta: { total: 1, page: 1 } }, undefined],
    ['with a next page', { links: { next: '/leads/1/tags?page=2' } }, 'not_shown'],
    ['with a larger total', { meta: { total: 2 } }, 'not_shown'],
    ['that is its second page', { meta: { pagination: { page: 2 } } }, 'not_shown'],
  ])('what is missing in a list %s', (_, about, doubt) => {
    const read = json({ data: [{ id: 2 }], ...about });
    const route = routes.get('leads.tags.add') as RouteModel;
    const found = verifyWrite(route, Buffer.from('{"tag_id":"3"}'), 'gateway', read, 1_000_000);
    expect([found.result, found.doubt]).toEqual(['not_arrived', doubt]);
  });

  it('a field that the route does not know may be there in another form, too', () => {
    const route = routes.get('leads.update') as RouteModel;
    const read = json({ data: { attributes: { observation: '<p>Ligar</p>' } } });
    expect(verifyWrite(route, Buffer.from('{"observation":"Ligar"}'), 'gateway', read, 1_000_000).doubt).toBe(
      'in_another_form',
    );
  });

  it.each([
    ['a route without a rule', 'leads.deal', { value: 1 }, json(LEAD), 'no_rule'],
    ['a body with nothing to check', 'leads.update', {}, json(LEAD), 'nothing_to_check'],
    ['a body that is no JSON', 'leads.update', 'x', json(LEAD), 'nothing_to_check'],
    ['a lead that could not be read', 'leads.forward', { seller_id: 7 }, answer({ status: 404 }), 'not_read'],
    ['no answer', 'leads.forward', { seller_id: 7 }, answer({ status: 0, failure: 'upstream_connect' }), 'not_read'],
    ['an answer that was cut', 'leads.forward', { seller_id: 7 }, answer({ isComplete: false }), 'not_read'],
    ['an answer of another kind', 'leads.forward', { seller_id: 7 }, answer({ body: '<html>' }), 'not_read'],
  ])('cannot tell of %s', (_, id, asked, read, why) => {
    expect(verified(id, asked, read)).toBe(why);
  });
});
