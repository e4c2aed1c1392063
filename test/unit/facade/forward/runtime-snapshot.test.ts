import { describe, expect, test } from 'vitest';
import { locationRewriter, reservedFor, rewritesForDirect } from '../../../../src/facade/forward/runtime-snapshot.ts';
import { GET_LEAD, settingsOf, SOURCE } from './table-fixture.ts';

const ORIGINS = [
  { path: 'direct', origin: 'https://crm.example', prefix: '' },
  { path: 'gateway', origin: 'http://gateway.internal:8000', prefix: '/v1' },
] as const;

describe('a Location of either path', () => {
  test.each(['direct', 'gateway'] as const)('(%s) that points at an upstream becomes a path of the facade', (path) => {
    const rewrite = locationRewriter(path, ORIGINS);
    expect(rewrite('https://crm.example/integration/leads/1?x=%2F#y')).toBe('/integration/leads/1?x=%2F#y');
    expect(rewrite('http://crm.example/a')).toBe('/a');
    expect(rewrite('HTTPS://CRM.example:443/a')).toBe('/a');
    expect(rewrite('//crm.example/a')).toBe('/a');
    expect(rewrite('https://crm.example')).toBe('/');
    expect(rewrite('http://gateway.internal:8000/v1/leads/1')).toBe('/leads/1');
    expect(rewrite('http://gateway.internal:8000/v10/leads/1')).toBe('/v10/leads/1');
  });

  test.each(['direct', 'gateway'] as const)('(%s) never becomes another host', (path) => {
    const rewrite = locationRewriter(path, ORIGINS);
    expect(rewrite('https://crm.example//evil.example/a')).toBe('/evil.example/a');
    expect(rewrite('https://crm.example/\\evil.example/a')).toBe('/evil.example/a');
    expect(rewrite('http://gateway.internal:8000/v1//evil.example')).toBe('/evil.example');
  });

  test.each(['direct', 'gateway'] as const)('(%s) that is relative, or nothing that can be read, stays', (path) => {
    const rewrite = locationRewriter(path, ORIGINS);
    for (const location of ['/leads/1', 'leads/1', '?page=2', '', '../x', 'http://[', '//']) {
      expect(rewrite(location)).toBe(location);
    }
  });

  test('that is relative loses the prefix of the base URL that was asked, and no other', () => {
    const [direct, gateway] = [locationRewriter('direct', ORIGINS), locationRewriter('gateway', ORIGINS)];
    expect(gateway('/v1/leads/1?x=1')).toBe('/leads/1?x=1');
    expect(gateway('/v1//evil.example')).toBe('/evil.example');
    expect([gateway('/v10/leads'), gateway('/v1'), direct('/v1/leads')]).toEqual(['/v10/leads', '/v1', '/v1/leads']);
    expect(gateway('http://10.1.2.3/v1/leads')).toBe('/leads');
  });

  test('of Contact2Sale that points elsewhere stays: it is where the caller was always sent', () => {
    const rewrite = locationRewriter('direct', ORIGINS);
    expect(rewrite('https://login.example/a?next=https://crm.example')).toBe(
      'https://login.example/a?next=https://crm.example',
    );
    expect(rewrite('https://crm.example:8443/a')).toBe('https://crm.example:8443/a');
  });

  test('of the gateway never shows a host: it builds them from whatever it believes to be called', () => {
    const rewrite = locationRewriter('gateway', ORIGINS);
    expect(rewrite('http://10.1.2.3:9000/leads/1?x=1')).toBe('/leads/1?x=1');
    expect(rewrite('http://facade.example/leads')).toBe('/leads');
  });
});

describe('a literal that stands where the gateway has a parameter', () => {
  const reserved = (routes: object[], id: string) => {
    const models = settingsOf({ routes }).routes;
    return reservedFor(
      models.find((model) => model.id === id)!,
      models,
    );
  };

  test('is reserved: asked for as an id it would be another operation', () => {
    expect(reserved([SOURCE, GET_LEAD], 'leads.get')).toEqual(['resolve-source']);
  });

  test('is not where the parent differs, and not for the route that has it itself', () => {
    const tags = { id: 'tags.special', gateway: 'GET /tags/special', rollout: { gateway: 100, fallback: 'none' } };
    expect(reserved([tags, GET_LEAD], 'leads.get')).toEqual([]);
    expect(reserved([SOURCE, GET_LEAD], 'leads.resolveSource')).toEqual([]);
  });

  test('counts on the gateway endpoint alone', () => {
    const direct = {
      id: 'leads.report',
      direct: 'GET /integration/leads/report',
      rollout: { gateway: 0, fallback: 'direct' },
    };
    expect(reserved([direct, GET_LEAD], 'leads.get')).toEqual([]);
  });
});

describe('a body in the gateway dialect', () => {
  const rewrites = (body: object | undefined) => {
    const route = {
      id: 'x.create',
      direct: 'POST /integration/x',
      gateway: 'POST /x',
      rollout: { gateway: 0, fallback: 'direct' },
      ...(body && { body }),
    };
    return rewritesForDirect(settingsOf({ routes: [route] }).routes[0]!);
  };

  test('is rewritten for direct where a field has another name or shape there, or JSON:API is asked for', () => {
    expect(rewrites({ fields: { message: { type: 'string', direct: 'body' } } })).toBe(true);
    expect(rewrites({ fields: { message: { type: 'string', direct: ['body', 'text'] } } })).toBe(true);
    expect(rewrites({ fields: { events: { type: 'string', list: true } } })).toBe(true);
    expect(rewrites({ fields: { customer: { type: 'string' } }, jsonApi: { type: 'lead' } })).toBe(true);
  });

  test('is streamed where both endpoints say the same, or there is none', () => {
    const required = true;
    expect(
      rewrites({ fields: { name: { type: 'string', required }, tag: { type: 'string', direct: 'tag', required } } }),
    ).toBe(false);
    expect(rewrites(undefined)).toBe(false);
  });

  test('is rewritten where a field may be null: the gateway leaves it out, Contact2Sale would empty it', () => {
    expect(rewrites({ fields: { name: { type: 'string' } } })).toBe(true);
  });
});
