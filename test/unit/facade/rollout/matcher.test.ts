import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseEndpoint } from '../../../../src/facade/config/endpoint.ts';
import { Matcher, type EndpointMatch } from '../../../../src/facade/rollout/matcher.ts';
import type { Dialect, Endpoint } from '../../../../src/facade/rollout/route.ts';

/** `GET /a/:x` → an endpoint whose parameters are numbered by `params`, as compile.ts does it. */
function endpoint(text: string, params: readonly string[] = []): Endpoint {
  const { method, template, segments } = parseEndpoint(text);
  const number = (segment: string) => {
    const at = params.indexOf(segment.slice(1));
    return segment.startsWith(':') ? (at < 0 ? 0 : at) : segment;
  };
  return { method, template, segments: segments.map(number) };
}

type Claim = Omit<EndpointMatch<string>, 'directTwin'>;

const claim = (route: string, text: string, params?: string[], dialect: Dialect = 'direct'): Claim => ({
  route,
  dialect,
  endpoint: endpoint(text, params),
});

function matcherOf(...claims: Claim[]): Matcher<string> {
  const matcher = new Matcher<string>();
  for (const one of claims) matcher.add(one);
  return matcher;
}

describe('a path', () => {
  const matcher = matcherOf(
    claim('list', 'GET /leads'),
    claim('get', 'GET /leads/:id'),
    claim('source', 'GET /leads/resolve-source'),
    claim('tags', 'GET /leads/:id/tags'),
    claim('special', 'GET /leads/special/notes'),
  );
  const find = (path: string) => matcher.match('GET', path)?.route;

  test('with a literal segment wins over one with a parameter', () => {
    expect(find('/leads/resolve-source')).toBe('source');
    expect(find('/leads/resolve-sourc')).toBe('get');
    expect(find('/leads/Resolve-Source')).toBe('get');
  });

  test('that leaves the literal branch goes back to the parameter, with the literal as its value', () => {
    expect(matcher.match('GET', '/leads/special/tags')).toMatchObject({ route: 'tags', params: ['special'] });
    expect(find('/leads/special/notes')).toBe('special');
    expect(find('/leads/special/other')).toBeUndefined();
  });

  test('leaves no value of an abandoned branch behind', () => {
    const deep = matcherOf(claim('a', 'GET /:a/x/:b/y', ['a', 'b']), claim('b', 'GET /p/:a/:b/z', ['a', 'b']));
    expect(deep.match('GET', '/p/x/2/y')?.params).toEqual(['p', '2']);
    expect(deep.match('GET', '/p/x/2/z')?.params).toEqual(['x', '2']);
  });

  test('may end in one slash, and in no more', () => {
    expect(find('/leads/')).toBe('list');
    expect(matcher.match('GET', '/leads/42/')?.params).toEqual(['42']);
    expect(find('/leads//')).toBeUndefined();
    expect(find('/leads/42//')).toBeUndefined();
  });

  test.each(['//leads', '/leads//tags', '//', '///', '', '*', 'leads', '/leads/42/tags/more', '/nothing', '/'])(
    'that is %j matches nothing',
    (path) => expect(find(path)).toBeUndefined(),
  );

  test('of one slash is the endpoint GET /', () => {
    expect(matcherOf(claim('root', 'GET /')).match('GET', '/')?.route).toBe('root');
    expect(matcherOf(claim('root', 'GET /')).match('GET', '//')).toBeUndefined();
  });

  test.each(['%2F', 'a%2Fb', '%2e%2e', '..', 'a%20b', 'ü', '%', 'a;b=c'])(
    'keeps the parameter %j as it came',
    (raw) => {
      expect(matcher.match('GET', `/leads/${raw}`)?.params).toEqual([raw]);
    },
  );
});

test('parameters come in the order of the route, whatever their order on the endpoint', () => {
  const params = ['queue', 'seller'];
  const matcher = matcherOf(
    claim('one', 'PUT /queues/:queue/sellers/:seller', params),
    claim('one', 'PUT /sellers/:seller/of/:queue', params, 'gateway'),
  );
  expect(matcher.match('PUT', '/queues/q/sellers/s')?.params).toEqual(['q', 's']);
  expect(matcher.match('PUT', '/sellers/s/of/q')).toMatchObject({ params: ['q', 's'], dialect: 'gateway' });
});

test('every alias of an endpoint finds its route, and says which spelling it was', () => {
  const matcher = matcherOf(
    claim('done', 'POST /leads/:id/mark-interacted', ['id'], 'gateway'),
    claim('done', 'POST /leads/:id/mark_as_interacted', ['id'], 'gateway'),
  );
  expect(matcher.match('POST', '/leads/1/mark-interacted')?.endpoint.template).toBe('/leads/:id/mark-interacted');
  expect(matcher.match('POST', '/leads/1/mark_as_interacted')).toMatchObject({
    route: 'done',
    endpoint: { template: '/leads/:id/mark_as_interacted' },
  });
});

describe('a method', () => {
  const matcher = matcherOf(
    claim('list', 'GET /leads'),
    claim('create', 'POST /leads'),
    claim('head', 'HEAD /tags'),
    claim('tags', 'GET /tags'),
  );

  test('HEAD is served by the claim of GET, unless it has its own', () => {
    expect(matcher.match('HEAD', '/leads')?.route).toBe('list');
    expect(matcher.match('HEAD', '/tags')?.route).toBe('head');
    expect(matcherOf(claim('create', 'POST /leads')).match('HEAD', '/leads')).toBeUndefined();
  });

  test.each(['DELETE', 'get', 'OPTIONS', ''])('%j that no claim has matches nothing', (method) => {
    expect(matcher.match(method, '/leads')).toBeUndefined();
  });
});

test('methodsOf names the methods of a path that one dialect alone knows, HEAD with GET', () => {
  const matcher = matcherOf(
    claim('list', 'GET /leads', [], 'gateway'),
    claim('create', 'POST /leads', [], 'gateway'),
    claim('mine', 'GET /shared', [], 'gateway'),
    claim('theirs', 'POST /shared', [], 'direct'),
  );
  expect(matcher.methodsOf('/leads', 'gateway').toSorted()).toEqual(['GET', 'HEAD', 'POST']);
  expect(matcher.methodsOf('/leads/', 'gateway')).toEqual(matcher.methodsOf('/leads', 'gateway'));
  expect(matcher.methodsOf('/leads', 'direct')).toEqual([]);
  expect(matcher.methodsOf('/shared', 'gateway')).toEqual([]);
  expect(matcher.methodsOf('/nowhere', 'gateway')).toEqual([]);
});

describe('an endpoint on both sides of one route', () => {
  const sides = [claim('tags', 'POST /tags'), claim('tags', 'POST /tags', [], 'gateway')] as const;

  test.each([
    ['direct first', [sides[0], sides[1]]],
    ['gateway first', [sides[1], sides[0]]],
  ])('is the gateway’s, and knows its twin: %s', (_, claims) => {
    const match = matcherOf(...claims).match('POST', '/tags');
    expect(match).toMatchObject({ dialect: 'gateway', endpoint: sides[1].endpoint, directTwin: sides[0].endpoint });
  });

  test('is one that both dialects know: no method of its path is refused', () => {
    expect(matcherOf(...sides).methodsOf('/tags', 'gateway')).toEqual([]);
    expect(matcherOf(sides[1]).methodsOf('/tags', 'gateway')).toEqual(['POST']);
  });

  test('is none where one side has it', () => {
    expect(matcherOf(sides[1]).match('POST', '/tags')?.directTwin).toBeUndefined();
  });
});

describe('of a thousand routes', () => {
  const word = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
  const template = fc.array(fc.oneof(word, word, fc.constantFrom(':p')), { minLength: 1, maxLength: 6 });

  /** The rule without a trie: of the templates that fit, the one that is literal where the others first differ. */
  function naive(
    templates: readonly (readonly string[])[],
    segments: readonly string[],
  ): readonly string[] | undefined {
    const fits = templates.filter(
      (one) => one.length === segments.length && one.every((part, i) => part === ':p' || part === segments[i]),
    );
    const rank = (one: readonly string[]) => one.map((part) => (part === ':p' ? '1' : '0')).join('');
    return fits.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))[0];
  }

  test('the same one is found as by trying them one by one', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(template, { minLength: 1_000, maxLength: 1_000, selector: (one) => one.join('/') }),
        fc.array(fc.array(word, { minLength: 1, maxLength: 6 }), { minLength: 50, maxLength: 50 }),
        (templates, paths) => {
          const matcher = new Matcher<string>();
          for (const one of templates) {
            let at = 0;
            const segments = one.map((part) => (part === ':p' ? at++ : part));
            const path = `/${one.join('/')}`;
            matcher.add({ route: path, dialect: 'direct', endpoint: { method: 'GET', template: path, segments } });
          }
          for (const path of paths) {
            const expected = naive(templates, path);
            const found = matcher.match('GET', `/${path.join('/')}`);
            expect(found?.route).toBe(expected && `/${expected.join('/')}`);
            if (expected) expect(found?.params).toEqual(path.filter((_, i) => expected[i] === ':p'));
          }
        },
      ),
      { numRuns: 10 },
    );
  });
});
