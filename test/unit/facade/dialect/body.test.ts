import { describe, expect, it } from 'vitest';
import { isGatewayForm, toDirect, toGateway } from '../../../../src/facade/dialect/body.ts';
import { bodyRule } from './rows.ts';
import { leadId, params } from './texts.ts';

const gateway = (row: string, body: string | Buffer) => shown(toGateway(bodyRule(row), Buffer.from(body), params));
const direct = (row: string, body: string | Buffer) => shown(toDirect(bodyRule(row), Buffer.from(body)));
const refused = (reason: string, field = expect.anything() as unknown) =>
  expect.objectContaining({ kind: 'untranslatable', reason, field }) as unknown;
const altered = (field: string) => refused('the gateway would alter or refuse the field', field);
const refusedWhole = (reason: string) => ({ kind: 'untranslatable', reason });

/** The translated text, or the refusal. */
function shown(translation: ReturnType<typeof toGateway>) {
  return translation.kind === 'ok' ? translation.value.toString('utf8') : translation;
}

describe('create_message {body} ⇄ {message}', () => {
  it('renames the field and keeps the order and the bytes of the values', () => {
    expect(gateway('leads.messages.create', '{"type":"note" , "body" :"Ol\\u00e1 \\/ olá"}')).toBe(
      '{"type":"note","message":"Ol\\u00e1 \\/ olá"}',
    );
    expect(direct('leads.messages.create', '{"message":"Olá","type":"note"}')).toBe('{"body":"Olá","type":"note"}');
  });

  it('leaves out a leadId that repeats the path', () => {
    expect(gateway('leads.messages.create', `{"leadId":"${leadId}","body":"a"}`)).toBe('{"message":"a"}');
    const numeric = toGateway(bodyRule('leads.messages.create'), Buffer.from('{"leadId":7,"body":"a"}'), {
      get: () => '7',
    });
    expect(shown(numeric)).toBe('{"message":"a"}');
  });

  it.each(['"another"', 'null', '7', '7.0', '{}', '""'])('refuses a leadId that disagrees with the path: %s', (value) =>
    expect(gateway('leads.messages.create', `{"leadId":${value},"body":"a"}`)).toEqual(
      refused('disagrees with the path: field', 'leadId'),
    ),
  );

  it('refuses an echo when the path has no such parameter', () => {
    const translation = toGateway(
      bodyRule('leads.messages.create'),
      Buffer.from('{"leadId":"a","body":"a"}'),
      new Map(),
    );
    expect(translation.kind).toBe('untranslatable');
  });

  it('does not read the name of the gateway in the direct dialect: Contact2Sale documents only body', () => {
    expect(gateway('leads.messages.create', '{"message":"a"}')).toEqual(refused('unknown field'));
  });
});

describe('create lead, JSON:API ⇄ flat', () => {
  const attributes = '{"name":"Ana","phone":"+55 11","seller_id":"s1","description":"d"}';
  const envelope = `{"data":{"type":"lead","attributes":${attributes}}}`;
  const flat = '{"customer":"Ana","phone":"+55 11","seller_id":"s1","description":"d"}';

  it('flattens the envelope and renames name to customer', () => expect(gateway('leads.create', envelope)).toBe(flat));
  it('takes attributes before type as well', () =>
    expect(gateway('leads.create', `{"data":{"attributes":${attributes},"type":"lead"}}`)).toBe(flat));
  it('passes the flat form', () => expect(gateway('leads.create', flat)).toBe(flat));
  it('writes the envelope for direct', () => expect(direct('leads.create', flat)).toBe(envelope));

  it('refuses type_negotiation, which has nowhere to go', () => {
    const body = '{"data":{"type":"lead","attributes":{"name":"Ana","type_negotiation":"sale"}}}';
    expect(gateway('leads.create', body)).toEqual(refused('unknown field'));
  });

  it('refuses the third form, {"lead": …}, which the route does not take', () => {
    expect(gateway('leads.create', '{"lead":{"customer":{"name":"Ana"},"body":"b"}}')).toEqual(
      refused('unknown field'),
    );
  });

  it.each([
    '{"data":{"type":"seller","attributes":{"name":"Ana"}}}',
    '{"data":{"type":1,"attributes":{"name":"Ana"}}}',
    '{"data":{"attributes":{"name":"Ana"}}}',
    '{"data":{"type":"lead"}}',
    '{"data":{"type":"lead","attributes":[]}}',
    '{"data":{"type":"lead","attributes":{"name":"Ana"},"id":"7"}}',
    '{"data":{"type":"lead","attributes":{"name":"Ana"},"relationships":{}}}',
    '{"data":{"type":"lead","attributes":{"name":"Ana"}},"meta":{}}',
    '{"data":[{"type":"lead","attributes":{"name":"Ana"}}]}',
    '{"data":null}',
    '{"customer":"Ana","data":{"type":"lead","attributes":{"name":"Ana"}}}',
  ])('refuses an envelope that holds more, less or something else: %s', (body) =>
    expect(gateway('leads.create', body)).toEqual(refused('not the known kind of resource')),
  );

  it('keeps the names of the two forms apart', () => {
    expect(gateway('leads.create', '{"name":"Ana"}')).toEqual(refused('unknown field'));
    expect(gateway('leads.create', '{"data":{"type":"lead","attributes":{"customer":"Ana"}}}')).toEqual(
      refused('unknown field'),
    );
  });

  it('does not take data for an envelope on a route without one', () => {
    expect(gateway('leads.update', '{"data":{"type":"lead","attributes":{"product":"p"}}}')).toEqual(
      refused('unknown field'),
    );
  });
});

describe('an update with phone, email, source or status', () => {
  it.each(['phone', 'email', 'source', 'status'])('takes direct, since the gateway would drop %s and say 200', (name) =>
    expect(gateway('leads.update', `{"product":"p","${name}":"x"}`)).toEqual(refused('unknown field')),
  );
  it('passes what the gateway keeps', () =>
    expect(gateway('leads.update', '{"product":"p","description":"d"}')).toBe('{"product":"p","description":"d"}'));
});

describe('webhooks {hook_url, hook_action} ⇄ {url, events[]}', () => {
  it.each(['on_create_lead', 'on_update_lead', 'on_close_lead'])('turns %s into a list of one, and back', (action) => {
    const hook = `{"hook_url":"https://a.test/h","hook_action":"${action}"}`;
    const list = `{"url":"https://a.test/h","events":["${action}"]}`;
    expect(gateway('webhooks.subscribe', hook)).toBe(list);
    expect(direct('webhooks.subscribe', list)).toBe(hook);
  });

  it.each([
    '{"url":"u","events":["a","b"]}',
    '{"url":"u","events":["on_create_lead","on_close_lead"]}',
    '{"url":"u","events":[]}',
    '{"url":"u","events":["lead.created"]}',
  ])('passes %s in either direction: there is no one action for it', (body) => {
    expect(gateway('webhooks.subscribe', body)).toBe(body);
    expect(direct('webhooks.subscribe', body)).toBe(body);
  });

  it.each(['"on_create_leads"', '["on_create_lead"]', '5', 'null', '""'])(
    'takes direct for the wrong action %s, which Contact2Sale refuses with 422',
    (action) =>
      expect(gateway('webhooks.subscribe', `{"hook_url":"u","hook_action":${action}}`)).toEqual(altered('hook_action')),
  );

  it.each(['"on_create_lead"', '[5]', '[null]', '{}', '["a",["b"]]'])(
    'takes direct for events that the gateway would coerce: %s',
    (events) => expect(gateway('webhooks.subscribe', `{"url":"u","events":${events}}`)).toEqual(altered('events')),
  );

  it('refuses both spellings at once', () => {
    expect(gateway('webhooks.subscribe', '{"hook_url":"u","url":"u","events":[]}')).toEqual(
      refused('two spellings of a field', 'url'),
    );
    expect(gateway('webhooks.subscribe', '{"url":"u","hook_action":"on_create_lead","events":[]}')).toEqual(
      refused('two spellings of a field', 'events'),
    );
  });

  it('keeps unknown fields and odd events on the way to direct', () => {
    expect(direct('webhooks.subscribe', '{"url":"u","events":["on_create_lead"],"x":1e3}')).toBe(
      '{"hook_url":"u","hook_action":"on_create_lead","x":1e3}',
    );
    expect(direct('webhooks.subscribe', ' {"url":"u","events":[5],"x":1} ')).toBe('{"url":"u","events":[5],"x":1}');
  });
});

describe('contracts, the gateway coerces and drops: such a body takes direct', () => {
  it.each(['5', 'true', 'null', '{}', '[]', '["a"]'])('a string field that holds %s', (value) =>
    expect(gateway('leads.forward', `{"seller_id":${value}}`)).toEqual(altered('seller_id')),
  );

  it.each(['null', '""', '5', 'false'])('an optional string field that holds %s', (value) =>
    expect(gateway('leads.messages.create', `{"body":"a","type":${value}}`)).toEqual(altered('type')),
  );

  it('but an empty text that is required goes on, as the gateway hands it on', () =>
    expect(gateway('leads.messages.create', '{"body":""}')).toBe('{"message":""}'));

  it.each(['1.9', '"3"', 'true', 'null', '-1', '-0.5', '1e-1'])('a priority of %s', (value) =>
    expect(gateway('queues.priority', `{"seller_id":"s","priority":${value}}`)).toEqual(altered('priority')),
  );

  it.each(['0', '3', '3.0', '1e2', '-0'])('but a priority of %s goes on in its spelling', (value) =>
    expect(gateway('queues.priority', `{"seller_id":"s","priority":${value}}`)).toBe(
      `{"seller_id":"s","priority":${value}}`,
    ),
  );

  it.each(['0', '-0', '-1', '"10"', 'true', 'null'])('a deal value of %s', (value) =>
    expect(gateway('leads.deal', `{"value":${value}}`)).toEqual(altered('value')),
  );

  it.each(['12345678901234567890', '1e400', '1e-400', '0.1234567890123456789', '9007199254740993'])(
    'a number that no double holds: %s',
    (value) => expect(gateway('leads.deal', `{"value":${value}}`)).toEqual(refused('number would be altered')),
  );

  it.each(['1234567.10', '1e3', '0.1', '450000', '450000.00'])('but %s goes on in its spelling', (value) =>
    expect(gateway('leads.deal', `{"value":${value}}`)).toBe(`{"value":${value}}`),
  );

  it.each(['1', '"true"', '"yes"', 'null', '0'])('a boolean that is spelled %s', (value) =>
    expect(gateway('tags.create', `{"name":"n","autofill":${value}}`)).toEqual(altered('autofill')),
  );

  it.each(['[]', '"{}"', 'null', '1'])('conditions that are %s', (value) =>
    expect(gateway('rules.create', `{"name":"n","queue_id":"q","conditions":${value},"actions":{}}`)).toEqual(
      altered('conditions'),
    ),
  );

  it('but nested nulls, empty texts and spellings go on: the gateway keeps them', () => {
    const body = '{"name":"n","queue_id":"q","conditions":{"a":null,"b":["",1e3,{"2":1,"1":2}]},"actions":{}}';
    expect(gateway('rules.create', body)).toBe(body);
  });

  it.each(['{"a":1e400}', '{"a":[12345678901234567890]}', '{"a":1,"a":1}', '{"a":"\\ud800"}', '{"\\udc00":1}'])(
    'a loss deep inside: %s',
    (value) =>
      expect(gateway('rules.create', `{"name":"n","queue_id":"q","conditions":${value},"actions":{}}`)).toHaveProperty(
        'kind',
        'untranslatable',
      ),
  );

  it('a missing required field, so that Contact2Sale says what it misses', () => {
    expect(gateway('leads.forward', '{}')).toEqual(refused('required field missing', 'seller_id'));
    expect(gateway('leads.visits.create', '{"description":"d"}')).toEqual(
      refused('required field missing', 'visit_date'),
    );
  });

  it('duplicate keys, equal or not and however escaped, of which the gateway keeps the last', () => {
    for (const second of ['"body":"a"', '"body":"b"', '"\\u0062ody":"a"']) {
      expect(gateway('leads.messages.create', `{"body":"a",${second}}`)).toEqual(refused('duplicate key'));
    }
  });

  it.each(['"\\ud800"', '"a\\udc00"', '"\\ude00\\ud83d"', '"\\uD83D x"'])(
    'a lone surrogate (8.3: the write happens and the answer is 500): %s',
    (text) => expect(gateway('leads.messages.create', `{"body":${text}}`)).toEqual(refused('lone surrogate')),
  );

  it('but a surrogate pair goes on as it is spelled', () =>
    expect(gateway('leads.messages.create', '{"body":"\\ud83d\\ude00"}')).toBe('{"message":"\\ud83d\\ude00"}'));

  it('__proto__ as a key, at any depth', () => {
    expect(gateway('leads.update', '{"__proto__":{"product":"p"}}')).toEqual(refused('reserved key'));
    expect(
      gateway('rules.create', '{"name":"n","queue_id":"q","conditions":{"a":{"__proto__":1}},"actions":{}}'),
    ).toEqual(refused('reserved key'));
  });

  it.each(['constructor', 'toString', 'hasOwnProperty'])('%s is an unknown field, not one of JavaScript', (name) =>
    expect(gateway('leads.update', `{"${name}":"x"}`)).toEqual(refused('unknown field')),
  );
});

describe('bodies that are no JSON object in UTF-8', () => {
  const bom = Buffer.from('\uFEFF{"body":"a"}');

  it.each([
    ['nothing', Buffer.alloc(0), 'empty body'],
    ['white space', Buffer.from(' \n'), 'not valid JSON'],
    ['Latin-1', Buffer.from('{"body":"é"}', 'latin1'), 'not valid UTF-8'],
    ['a CESU surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'not valid UTF-8'],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), 'not valid UTF-8'],
    ['UTF-16', Buffer.from('{"body":"a"}', 'utf16le'), 'not valid JSON'],
    ['NaN', Buffer.from('{"body":NaN}'), 'not valid JSON'],
    ['a form', Buffer.from('body=a'), 'not valid JSON'],
    ['a cut', Buffer.from('{"body":"a"'), 'not valid JSON'],
    ['a comma too many', Buffer.from('{"body":"a",}'), 'not valid JSON'],
    ['a leading zero', Buffer.from('{"body":01}'), 'not valid JSON'],
    ['a raw line end in a text', Buffer.from('{"body":"a\nb"}'), 'not valid JSON'],
    ['two values', Buffer.from('{}{}'), 'not valid JSON'],
    ['an open text', Buffer.from('{"body":"a\\'), 'not valid JSON'],
    ['an array', Buffer.from('[{"body":"a"}]'), 'not an object'],
    ['a text', Buffer.from('"a"'), 'not an object'],
    ['null', Buffer.from('null'), 'not an object'],
  ])('%s is untranslatable in both directions', (_what, body, reason) => {
    expect(gateway('leads.messages.create', body)).toEqual(refusedWhole(reason));
    expect(direct('leads.messages.create', body)).toEqual(refusedWhole(reason));
  });

  it('refuses a byte order mark towards the gateway, skips it towards direct (the gateway takes it)', () => {
    expect(gateway('leads.messages.create', bom)).toEqual(refusedWhole('byte order mark'));
    expect(direct('leads.messages.create', Buffer.from('\uFEFF{"message":"a"}'))).toBe('{"body":"a"}');
  });

  it('reads 64 levels and refuses 65, wherever brackets in texts stand', () => {
    const rule = (depth: number) =>
      `{"name":"[[{{","queue_id":"q","conditions":{"a":${'['.repeat(depth - 2)}${']'.repeat(depth - 2)}},"actions":{}}`;
    expect(gateway('rules.create', rule(64))).toBe(rule(64));
    expect(gateway('rules.create', rule(65))).toEqual(refusedWhole('nested too deep'));
  });

  it.each(['[', '{"a":', '"\\', '[1,', '-'])('survives a megabyte of %s', (part) => {
    const body = Buffer.from(part.repeat(1_048_576 / part.length));
    expect(gateway('rules.create', body)).toHaveProperty('kind', 'untranslatable');
  });
});

describe('a body from the gateway dialect for direct', () => {
  it('leaves out an optional field that is null, as the gateway does: Contact2Sale would empty it', () => {
    expect(direct('leads.update', '{"customer":"Ana","product":null}')).toBe('{"customer":"Ana"}');
    expect(direct('leads.update', '{"other":null}')).toBe('{"other":null}');
  });

  it('keeps unknown fields, duplicates, spellings and whatever the gateway would have altered', () => {
    const body = '{"message":5,"x":1e400,"y":{"a":1,"a":1},"\\u007a":"\\ud800","message":"b","__proto__":null}';
    expect(direct('leads.messages.create', body)).toBe(
      '{"body":5,"x":1e400,"y":{"a":1,"a":1},"\\u007a":"\\ud800","body":"b","__proto__":null}',
    );
  });

  it('refuses when a field of the caller has the name that a renamed one takes', () => {
    expect(direct('leads.messages.create', '{"message":"a","body":"b"}')).toEqual(refused('two spellings of a field'));
    expect(direct('leads.create', '{"name":"a","customer":"b"}')).toEqual(refused('two spellings of a field'));
  });
});

describe('the form of the gateway', () => {
  const deep = (depth: number) => `{"name":"n","email":"e","x":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  it.each([
    ['{"name":"n","email":"e"}', true],
    ['\uFEFF {"name":null,"email":5,"x":{"a":1}}\n', true],
    ['{"n\\u0061me":"n","email":"e","email":"e"}', true],
    [deep(70), true],
    [deep(100_000), true],
    ['{"name":"n"}', false],
    ['{"Name":"n","email":"e"}', false],
    ['{"seller":{"name":"n","email":"e"}}', false],
    ['[{"name":"n","email":"e"}]', false],
    ['{"name":"n","email":NaN}', false],
    ['name=n&email=e', false],
    ['null', false],
    ['', false],
  ])('%.60s: %s', (text, is) => expect(isGatewayForm(bodyRule('sellers.create'), Buffer.from(text))).toBe(is));

  it('is UTF-8', () => {
    const text = '{"name":"ção","email":"e"}';
    expect(isGatewayForm(bodyRule('sellers.create'), Buffer.from(text, 'latin1'))).toBe(false);
    expect(isGatewayForm(bodyRule('sellers.create'), Buffer.from(text, 'utf16le'))).toBe(false);
  });
});

describe('a body at a path of the gateway that is none of its form', () => {
  it.each([
    ['leads.create', '{"data":{"type":"lead","attributes":{"name":"Ana","phone":null}}}'],
    ['leads.create', ' {"data":{"attributes":{"name":"Ana"}},"meta":{}}\n'],
    ['leads.create', '{"lead":{"customer":{"name":"Ana"},"body":"Olá"}}'],
    ['leads.create', '{"name":"Ana","phone":null}'],
    ['leads.create', '{"Customer":"Ana","seller_id":null}'],
    ['leads.create', '{}'],
    ['leads.create', '\uFEFF{"name":"Ana"}'],
    ['leads.messages.create', '{"body":"Olá","type":null}'],
    ['leads.messages.create', '{"data":{"message":"Olá"}}'],
    ['leads.deal', '{"deal":{"value":5},"description":null}'],
    ['tags.create', '{"tag":{"name":"Nova"},"color":null}'],
    ['webhooks.subscribe', '{"hook_url":"u","hook_action":"on_create_lead"}'],
  ])('goes direct byte for byte, as Contact2Sale may know it: %s %s', (row, text) => {
    const body = Buffer.from(text);
    expect(toDirect(bodyRule(row), body)).toEqual({ kind: 'ok', value: body });
  });

  it('is one with all that the gateway requires, whatever its values', () => {
    expect(direct('leads.create', '{"customer":null,"data":{}}')).toBe(
      '{"data":{"type":"lead","attributes":{"name":null,"data":{}}}}',
    );
  });
});

describe('reasons', () => {
  it.each([
    '{"ana@example.test":"+5511999990000","body":"x"}',
    '{"body":"a","leadId":"ana@example.test"}',
    '{"body":"a","type":{"ana@example.test":1}}',
    '{"ana@example.test":1,"ana@example.test":1}',
    'ana@example.test',
  ])('never repeat what the caller wrote, for they are logged: %s', (body) => {
    const translation = gateway('leads.messages.create', body);
    if (typeof translation === 'string') throw new Error('it was translated');
    expect(translation.kind).toBe('untranslatable');
    expect(translation.reason).not.toMatch(/ana|5511/);
    // The name alone is handed on, to be told to the caller that wrote it.
    expect(JSON.stringify(translation)).not.toContain('5511');
  });
});
