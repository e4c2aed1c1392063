import { describe, expect, test } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { tokenHeaderNames } from '../../../../src/facade/dialect/token-header.ts';
import {
  requestHeaders,
  requestRules,
  responseHeaders,
  type Credentials,
  type HeldBody,
} from '../../../../src/facade/forward/headers.ts';
import { connectionOf, messageOf, pairs, valuesOf, VIA } from './message-fixture.ts';

const RULES = requestRules(tokenHeaderNames(CONTACT2SALE));
const AS_SENT: Credentials = { keep: true, sent: undefined, rules: RULES };
const OF_FACADE: Credentials = { keep: false, sent: ['authorization', 'Bearer ours'], rules: RULES };
const OURS = ['x-request-id', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded', 'via'];

interface Ask {
  credentials?: Credentials;
  held?: HeldBody;
  trusted?: string[];
  method?: string;
}

function sent(raw: string[], { credentials = AS_SENT, held, trusted, method = 'GET' }: Ask = {}): string[] {
  const message = Object.assign(messageOf(raw), { method });
  return requestHeaders(message, connectionOf(message, trusted), credentials, 'id-1', held);
}

/** What is left of the caller's own headers, without those that the facade adds. */
const kept = (raw: string[], ask?: Ask) => pairs(sent(raw, ask)).filter(([name]) => !OURS.includes(name));

describe('a request', () => {
  test('keeps the case, the order and the duplicates of what the caller sent', () => {
    const raw = ['X-Zeta', '1', 'accept', 'a', 'ACCEPT', 'b', 'x-alpha', '', 'Cookie', 'a=1', 'cOOkie', 'b=2'];
    expect(sent(raw).slice(0, raw.length)).toEqual(raw);
  });

  test.each(['Keep-Alive', 'Proxy-Connection', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'Connection'])(
    'does not carry %s on: it belongs to one connection',
    (name) => {
      expect(kept([name, 'x', 'a', '1'])).toEqual([['a', '1']]);
      expect(kept([name.toUpperCase(), 'x', 'a', '1'])).toEqual([['a', '1']]);
    },
  );

  test.each(['Host', 'Expect', 'Proxy-Authorization'])('does not carry %s on', (name) => {
    expect(kept([name, 'x', 'a', '1'])).toEqual([['a', '1']]);
  });

  test('loses whatever its Connection headers list, in any case, over several lines', () => {
    const raw = [
      'X-Drop',
      '1',
      'Connection',
      'close, X-DROP',
      'x-keep',
      '2',
      'connection',
      ' x-other ,',
      'x-Other',
      '3',
    ];
    expect(kept(raw)).toEqual([['x-keep', '2']]);
  });

  test('cannot rid itself of its length or its host by listing them: that would be smuggling', () => {
    const raw = ['connection', 'content-length, Host, Content-Length', 'content-length', '5', 'a', '1'];
    expect(kept(raw)).toEqual([
      ['content-length', '5'],
      ['a', '1'],
    ]);
  });

  test('cannot rid itself of what the facade adds by listing it', () => {
    const list = 'x-request-id, x-forwarded-for, forwarded, via, authorization';
    const headers = sent(['connection', list], { credentials: OF_FACADE });
    for (const name of ['x-request-id', 'x-forwarded-for', 'forwarded', 'via', 'authorization']) {
      expect([name, valuesOf(headers, name).length]).toEqual([name, 1]);
    }
  });

  test('cannot speak for the facade: x-facade-* is taken away, in any case', () => {
    expect(
      kept(['x-facade-path', 'gateway', 'X-Facade-Force', 'gateway', 'X-FACADE-', '', 'x-facad', 'stays']),
    ).toEqual([['x-facad', 'stays']]);
  });

  test('carries one x-request-id, the facade’s', () => {
    expect(valuesOf(sent(['X-Request-Id', 'spoofed', 'x-request-ID', 'again']), 'x-request-id')).toEqual(['id-1']);
  });

  test('carries one set of forwarded headers, the facade’s, and no claim that it does not make', () => {
    const raw = [
      'x-forwarded-for',
      '1.1.1.1',
      'Forwarded',
      'for=1',
      'X-Real-IP',
      '1.1.1.1',
      'x-forwarded-port',
      '1',
      'Via',
      'x',
    ];
    const headers = sent([...raw, 'host', 'f']);
    expect(valuesOf(headers, 'x-forwarded-for')).toEqual(['192.0.2.7']);
    expect(valuesOf(headers, 'forwarded')).toHaveLength(1);
    expect(valuesOf(headers, 'via')).toEqual([VIA]);
    expect(valuesOf(headers, 'x-real-ip')).toEqual([]);
    expect(valuesOf(headers, 'x-forwarded-port')).toEqual([]);
  });

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('may have a header called %s', (name) => {
    expect(kept([name, '1'])).toEqual([[name.toLowerCase(), '1']]);
  });

  test('is treated the same however many spellings were seen before', () => {
    for (let i = 0; i < 3_000; i++) sent([`x-invented-${i}`, '1']);
    expect(kept(['tE', 'trailers', 'X-faCADE-path', 'x', 'aCCept', '*'])).toEqual([['accept', '*']]);
  });
});

const FROM_TRUSTED = { trusted: ['192.0.2.0/24'] };

describe('what a proxy says of a caller', () => {
  const CLAIMS = [
    ...['Prefix', 'Server', 'Ssl', 'Scheme', 'Uri', 'Method', 'User', 'Client-Cert', 'Tls-Client-Cert', 'Invented'].map(
      (name) => `X-Forwarded-${name}`,
    ),
    ...['Client-IP', 'True-Client-IP', 'X-Real-IP', 'X-Client-IP', 'CF-Connecting-IP', 'Fastly-Client-IP'],
    ...['X-Cluster-Client-IP', 'X-Original-URL', 'X-Rewrite-URL', 'X-Original-Host', 'Front-End-Https', 'Client-Cert'],
  ];

  test.each(CLAIMS)('%s is dropped from a stranger, and kept from a trusted proxy', (name) => {
    const raw = [name, 'claimed', 'a', '1', name.toUpperCase(), 'again'];
    expect(kept(raw)).toEqual([['a', '1']]);
    expect(kept(raw, FROM_TRUSTED)).toEqual(pairs(raw));
  });

  test('X-Forwarded-Port is dropped from a stranger; from a trusted proxy it is a part of the chain', () => {
    const raw = ['x-forwarded-port', '8443', 'X-Forwarded-Port', '1'];
    expect(valuesOf(sent(raw), 'x-forwarded-port')).toEqual([]);
    expect(valuesOf(sent(raw, FROM_TRUSTED), 'x-forwarded-port')).toEqual(['8443']);
  });
});

describe('a name that a CGI-like upstream takes for another', () => {
  const KNOWN = [
    ...['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Invented', 'X-Real-IP', 'Client-IP', 'X-Original-URL'],
    ...['X-Facade-Path', 'X-Request-Id', 'Content-Length', 'Transfer-Encoding', 'Content-Type', 'Keep-Alive'],
    ...['Proxy-Authorization', 'Proxy-Connection', 'Max-Forwards', 'Content-Digest'],
  ];
  const spellings = KNOWN.flatMap((name) => [
    name.replaceAll('-', '_'),
    name.replace('-', '_').toLowerCase(),
    name.replace(/-(?!.*-)/, '_').toUpperCase(),
    name.replaceAll('-', '.'),
    name.replaceAll('-', '~'),
  ]);

  test.each(spellings)('%s is dropped, from a trusted proxy, too, and never taken for the real one', (name) => {
    for (const ask of [{}, FROM_TRUSTED]) {
      const headers = sent([name, '6.6.6.6', 'a', '1'], ask);
      expect(headers.join()).not.toContain('6.6.6.6');
      expect(valuesOf(headers, 'a')).toEqual(['1']);
    }
  });

  test.each(['my_header', 'x_lead_id', 'X_Api.Key', 'x-facade_', 'accept_language', 'x.y'])(
    '%s is no such name, and passes',
    (name) => expect(kept([name, '1'])).toEqual(name === 'x-facade_' ? [] : [[name.toLowerCase(), '1']]),
  );
});

describe('Max-Forwards', () => {
  const left = (value: string, method: string) => valuesOf(sent(['Max-Forwards', value], { method }), 'max-forwards');

  test('of an OPTIONS is decremented, and dropped when it says nothing', () => {
    expect(['10', '1', '0', 'x', ''].map((value) => left(value, 'OPTIONS'))).toEqual([['9'], ['0'], [], [], []]);
  });

  test('of another method passes', () => expect(left('7', 'GET')).toEqual(['7']));
});

describe('the credentials of a request', () => {
  const raw = ['Authorization', 'Bearer theirs', 'Authentication', 'theirs', 'a', '1'];

  test('stay as they came, both kinds, where they are kept', () => {
    expect(sent(raw).slice(0, 6)).toEqual(raw);
  });

  test('are replaced by the one of the facade', () => {
    const headers = sent(raw, { credentials: OF_FACADE });
    expect(valuesOf(headers, 'authorization')).toEqual(['Bearer ours']);
    expect(valuesOf(headers, 'authentication')).toEqual([]);
  });

  test('are taken away where the facade has none to show', () => {
    const headers = sent(raw, { credentials: { ...OF_FACADE, sent: undefined } });
    expect(headers.join()).not.toContain('theirs');
    expect(valuesOf(headers, 'authorization')).toEqual([]);
  });
});

test.each([
  [undefined, ['https://page.example']],
  [true, []],
])('the Origin of a page goes on, but not to the gateway (dropOrigin %s)', (dropOrigin, expected) => {
  const credentials: Credentials = { ...AS_SENT, ...(dropOrigin !== undefined && { dropOrigin }) };
  expect(valuesOf(sent(['Origin', 'https://page.example'], { credentials }), 'origin')).toEqual(expected);
});

describe('the length of a request', () => {
  test('is what the caller said, when the body goes as it came', () => {
    expect(valuesOf(sent(['Content-Length', '12']), 'content-length')).toEqual(['12']);
  });

  test.each([0, 7])('is that of the held body (%d), once, when it was held', (length) => {
    const held = { length, isTranslated: false };
    expect(valuesOf(sent(['Content-Length', '12'], { held }), 'content-length')).toEqual([String(length)]);
    expect(valuesOf(sent([], { held }), 'content-length')).toEqual([String(length)]);
  });

  test('its type stays the caller’s, unless the facade wrote the body: then it is JSON', () => {
    const raw = ['Content-Type', 'application/vnd.api+json'];
    const type = (ask?: Ask) => valuesOf(sent(raw, ask), 'content-type');
    expect(type()).toEqual(['application/vnd.api+json']);
    expect(type({ held: { length: 2, isTranslated: false } })).toEqual(['application/vnd.api+json']);
    expect(type({ held: { length: 2, isTranslated: true } })).toEqual(['application/json']);
    expect(valuesOf(sent([], { held: { length: 2, isTranslated: true } }), 'content-type')).toEqual([
      'application/json',
    ]);
  });
});

test.each(['Content-MD5', 'Digest', 'Content-Digest', 'Repr-Digest'])(
  '%s stays where the body goes as it came, and goes where the facade wrote the body',
  (name) => {
    const raw = [name, 'sha-256=:x:', 'Want-Repr-Digest', 'sha-256=1'];
    expect(kept(raw)).toEqual(pairs(raw));
    const held = (isTranslated: boolean) => pairs(sent(raw, { held: { length: 2, isTranslated } })).map(([one]) => one);
    expect(held(false)).toContain(name.toLowerCase());
    expect(held(true)).not.toContain(name.toLowerCase());
    expect(held(true)).toContain('want-repr-digest');
  },
);

describe('an answer', () => {
  const rewrite = {
    location: (value: string) => `rewritten:${value}`,
    refresh: (value: string) => `refresh:${value}`,
    link: (value: string) => `link:${value}`,
    cookie: (value: string) => `cookie:${value}`,
  };
  const clean = (raw: (string | Buffer)[], dropDate = false) => responseHeaders(raw, rewrite, dropDate);

  test.each(['X-Facade-Path', 'x_facade_path', 'X.Facade_Outcome'])('%s of an upstream ends here', (name) => {
    expect(clean([name, 'liar', 'x-own', '1']).headers).toEqual(['x-own', '1']);
  });

  test('keeps case, order and duplicates; two Set-Cookie stay two', () => {
    const raw = ['Set-Cookie', 'a=1; Path=/', 'X-B', '1', 'set-cookie', 'b=2', 'x-b', '2'];
    expect(clean(raw).headers).toEqual([
      ...['Set-Cookie', 'cookie:a=1; Path=/', 'X-B', '1', 'set-cookie', 'cookie:b=2', 'x-b', '2'],
    ]);
  });

  test.each([
    'Keep-Alive',
    'Proxy-Connection',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'Connection',
    'Proxy-Authenticate',
    'Proxy-Authentication-Info',
    'Alt-Svc',
    'Via',
  ])('does not carry %s on', (name) => expect(clean([name, 'x', 'a', '1']).headers).toEqual(['a', '1']));

  test('loses whatever its Connection header lists, before or after it', () => {
    const raw = [
      'x-drop',
      '1',
      'Connection',
      'X-Drop, close, x-later',
      'X-LATER',
      '2',
      'x-keep',
      '3',
      'connection',
      'keep-alive',
    ];
    expect(clean(raw).headers).toEqual(['x-keep', '3']);
  });

  test('does not lose its length because its Connection header lists it', () => {
    expect(clean(['connection', 'content-length', 'content-length', '5']).headers).toEqual(['content-length', '5']);
  });

  test('cannot speak for the facade', () => {
    expect(clean(['X-Facade-Path', 'direct', 'x-request-id', 'theirs', 'a', '1']).headers).toEqual(['a', '1']);
  });

  test('has its Location and Content-Location rewritten', () => {
    expect(clean(['Location', '/a', 'content-location', '/b']).headers).toEqual([
      ...['Location', 'rewritten:/a', 'content-location', 'rewritten:/b'],
    ]);
  });

  test('has its Refresh, Link and Set-Cookie rewritten', () => {
    expect(clean(['REFRESH', '5', 'Link', '<a>', 'set-cookie', 'a=1']).headers).toEqual([
      ...['REFRESH', 'refresh:5', 'Link', 'link:<a>', 'set-cookie', 'cookie:a=1'],
    ]);
  });

  test('loses the date of the gateway and keeps that of Contact2Sale', () => {
    expect(clean(['Date', 'x'], true).headers).toEqual([]);
    expect(clean(['Date', 'x'], false).headers).toEqual(['Date', 'x']);
  });

  test('tells what the facade must know of it, and passes that on', () => {
    const raw = ['Content-Type', 'text/html', 'CONTENT-LENGTH', '9', 'Retry-After', '3'];
    expect(clean(raw)).toEqual({ headers: raw, contentType: 'text/html', contentLength: '9', retryAfter: '3' });
    expect(clean([])).toEqual({ headers: [], contentType: undefined, contentLength: undefined, retryAfter: undefined });
  });

  test('of bytes that are no ASCII leaves as it came', () => {
    const bytes = Buffer.from([0x63, 0xe7, 0xc3, 0xa7]);
    const [name, value] = clean([Buffer.from('X-Name'), bytes]).headers;
    expect([name, Buffer.from(value as string, 'latin1')]).toEqual(['X-Name', bytes]);
  });
});
