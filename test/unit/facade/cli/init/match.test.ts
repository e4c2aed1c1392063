import { describe, expect, test } from 'vitest';
import { configFrom, documentOf, loaded, remarksOf, tableOf } from './kit.ts';

/** Which operation of the gateway is which of direct. */

/** `GET /a → GET /b`, of every route that has both endpoints. */
const pairsOf = (direct: readonly string[], gateway: readonly string[]): string[] =>
  configFrom(documentOf(direct), documentOf(gateway)).routes.flatMap(({ direct: one, gateway: other }) =>
    one === undefined || other === undefined ? [] : [`${String(one)} → ${String(other)}`],
  );

const ANCHOR = ['GET /old/anchors'];
const ANCHORED = ['GET /new/anchors'];
const anchored = 'GET /old/anchors → GET /new/anchors';

test.each<[string, string, string, string | undefined]>([
  ['the same words', '/old/leads', '/new/leads', '/old/leads → /new/leads'],
  ['plural and singular', '/old/leads', '/new/lead', '/old/leads → /new/lead'],
  ['companies and company', '/old/companies', '/new/company', '/old/companies → /new/company'],
  ['addresses and address', '/old/addresses', '/new/address', '/old/addresses → /new/address'],
  ['cases and case', '/old/cases', '/new/case', '/old/cases → /new/case'],
  ['statuses and status', '/old/statuses', '/new/status', '/old/statuses → /new/status'],
  ['menus and menu', '/old/menus', '/new/menu', '/old/menus → /new/menu'],
  ['snake and kebab', '/old/lead_tags', '/new/lead-tags', '/old/lead_tags → /new/lead-tags'],
  ['camel and snake', '/old/leadTag', '/new/lead_tags', '/old/leadTag → /new/lead_tags'],
  ['capitals', '/old/Leads', '/new/leads', '/old/Leads → /new/leads'],
  ['parameters by their place', '/old/l/{id}', '/new/l/{lead-id}', '/old/l/:leadId → /new/l/:leadId'],
  ['parameters of Express', '/old/l/:id', '/new/l/{id}', '/old/l/:id → /new/l/:id'],
  [
    'two parameters of one name',
    '/old/l/{id}/t/{id}',
    '/new/l/{lead}/t/{tag}',
    '/old/l/:lead/t/:tag → /new/l/:lead/t/:tag',
  ],
  ['a slash at the end', '/old/leads/', '/new/leads', '/old/leads → /new/leads'],
  ['another word', '/old/leads', '/new/contacts', undefined],
  ['a word more', '/old/leads', '/new/leads/all', undefined],
  ['a parameter for a word', '/old/leads/me', '/new/leads/{id}', undefined],
  ['another order', '/old/a/b', '/new/b/a', undefined],
])('%s: %s and %s', (_, direct, gateway, expected) => {
  const pair = expected === undefined ? [] : [`GET ${expected.replace(' → ', ' → GET ')}`];
  expect(pairsOf([...ANCHOR, `GET ${direct}`], [...ANCHORED, `GET ${gateway}`])).toEqual([anchored, ...pair]);
});

describe('what all paths share is set aside', () => {
  const RESOURCES = ['/leads', '/leads/{id}', '/tags'];
  const under = (prefix: string) => RESOURCES.map((path) => `GET ${prefix}${path}`);
  test.each([
    ['/api/v1', ''],
    ['', '/v2'],
    ['/integration', '/api/v2'],
    ['/a/b/c/d', '/x'],
  ])('"%s" and "%s"', (direct, gateway) => {
    expect(pairsOf(under(direct), under(gateway))).toHaveLength(3);
  });

  test('also where a path or two do not have it', () => {
    const pairs = pairsOf([...under('/api/v1'), 'GET /health'], [...under('/v2'), 'GET /ping']);
    expect(pairs).toHaveLength(3);
  });

  test('but not the name of the only resource', () => {
    expect(pairsOf(['GET /old/leads', 'GET /old/leads/{id}'], ['GET /contacts', 'GET /contacts/{id}'])).toEqual([]);
  });

  test('and the path of the server belongs to the endpoints, as callers write it', () => {
    const servers = (url: string) => ({ servers: [{ url }] });
    const { routes } = configFrom(
      documentOf(['GET /leads'], servers('https://old.example.com/api/v1/')),
      documentOf(['GET /leads'], servers('/v2')),
    );
    expect(routes).toMatchObject([{ direct: 'GET /api/v1/leads', gateway: 'GET /v2/leads' }]);
  });
});

describe('two candidates', () => {
  test('the one that is written alike is taken, without a remark', () => {
    const { text } = tableOf(
      documentOf(['GET /old/leads', 'GET /old/lead']),
      documentOf(['GET /new/lead', 'GET /new/leads']),
    );
    expect(pairsOf(['GET /old/leads', 'GET /old/lead'], ['GET /new/lead', 'GET /new/leads'])).toEqual([
      'GET /old/leads → GET /new/leads',
      'GET /old/lead → GET /new/lead',
    ]);
    expect(remarksOf(text)).toEqual([]);
  });

  test('of the gateway: the first is taken, and the others are named', () => {
    const { text } = tableOf(
      documentOf([...ANCHOR, 'GET /old/Lead_Tags']),
      documentOf([...ANCHORED, 'GET /new/lead-tags', 'GET /new/leadTags']),
    );
    expect(remarksOf(text)).toContain('GET /new/lead-tags was taken; GET /new/leadTags would fit as well');
  });

  test('of direct: the first is taken, and the other one is named', () => {
    const { text, pairs } = tableOf(
      documentOf([...ANCHOR, 'GET /old/lead-tags', 'GET /old/leadTags']),
      documentOf([...ANCHORED, 'GET /new/Lead_Tag']),
    );
    expect(pairs).toBe(2);
    expect(remarksOf(text)).toContain('GET /old/leadTags of direct would fit GET /new/Lead_Tag as well');
  });
});

describe('another method', () => {
  test('PUT and PATCH of one path are a pair, with a remark', () => {
    const direct = documentOf([...ANCHOR, 'PUT /old/leads/{id}', 'GET /old/leads/{id}']);
    const { text } = tableOf(direct, documentOf([...ANCHORED, 'PATCH /new/leads/{id}', 'GET /new/leads/{id}']));
    expect(text).toContain('direct: PUT /old/leads/:id\n    gateway: PATCH /new/leads/:id');
    expect(remarksOf(text)).toEqual([expect.stringContaining('the method differs, PUT on direct and PATCH')]);
  });

  test.each([
    ['GET', 'DELETE'],
    ['GET', 'POST'],
    ['DELETE', 'POST'],
    ['POST', 'DELETE'],
  ])('%s and %s never are', (one, other) => {
    expect(pairsOf([...ANCHOR, `${one} /old/leads/{id}`], [...ANCHORED, `${other} /new/leads/{id}`])).toEqual([
      anchored,
    ]);
  });

  test('nor are two that could be either', () => {
    const direct = [...ANCHOR, 'PUT /old/leads/{id}'];
    expect(pairsOf(direct, [...ANCHORED, 'PATCH /new/leads/{id}', 'POST /new/leads/{id}'])).toEqual([anchored]);
  });
});

test('an operation of direct alone is a route, and what it may be on the gateway is asked', () => {
  const { text } = tableOf(
    documentOf([...ANCHOR, 'POST /old/leads/{id}/create_tag', ['GET /old/x', { operationId: 'find_all' }]]),
    documentOf([...ANCHORED, 'POST /new/leads/{id}/tags', ['GET /new/y', { operationId: 'findAll' }]]),
  );
  const route = configRows(text)['leads.createTag'];
  expect([route?.direct, route?.gateway]).toEqual(['POST /old/leads/:id/create_tag', undefined]);
  expect(remarksOf(text)).toEqual([
    expect.stringContaining('is it POST /new/leads/{id}/tags of the gateway?'),
    expect.stringContaining('is it GET /new/y of the gateway?'),
  ]);
});

test('a plain path of the gateway that was a record of direct before is named', () => {
  const { text } = tableOf(documentOf(['GET /leads/{id}', 'GET /lead/stats']), documentOf(['GET /leads/stats']));
  expect(remarksOf(text)).toEqual([
    'GET /leads/stats of the gateway is read by this route from now on, and no longer as GET /leads/:id of direct',
  ]);
});

test('operations of the gateway alone are comments, since such a route would refuse what passes through today', () => {
  const { text, gatewayOnly } = tableOf(documentOf(ANCHOR), documentOf([...ANCHORED, 'POST /new/leads']));
  expect(gatewayOnly).toBe(1);
  expect(Object.keys(configRows(text))).toEqual(['anchors.list']);
  const offered = text.replace(/( +)# (- id: leads\.create\n) +# ( .*\n) +# ( .*\n)/, '$1$2  $3  $4');
  expect(configRows(offered)['leads.create']).toMatchObject({ gateway: 'POST /new/leads' });
});

describe('a method and path on both sides', () => {
  test('moves the beginning of the paths of the gateway into its URL', () => {
    const paths = ['GET /api/leads', 'GET /api/leads/{id}'];
    const { text, pairs } = tableOf(documentOf(paths), documentOf(paths));
    expect(pairs).toBe(2);
    expect(text).toContain('url: ${C2S_GATEWAY_URL}/api #');
    expect(text).toContain('direct: GET /api/leads\n    gateway: GET /leads\n');
  });

  test('is direct alone where there is nothing to move, with a remark', () => {
    const { text, pairs, directOnly } = tableOf(
      documentOf(['GET /leads', 'GET /tags']),
      documentOf(['GET /leads', 'GET /tags']),
    );
    expect([pairs, directOnly]).toEqual([0, 2]);
    expect(remarksOf(text)).toContain(
      'no route can hold GET /leads of the gateway, since GET /leads of direct has the same method and path',
    );
    configRows(text);
  });

  test('twice in one document is one route', () => {
    const { text } = tableOf(documentOf([...ANCHOR, 'GET /old/l/{a}', 'GET /old/l/{b}']), documentOf(ANCHORED));
    expect(Object.keys(configRows(text))).toEqual(['anchors.list', 'l.get']);
    expect(remarksOf(text)).toEqual([expect.stringContaining('no route can hold GET /old/l/{b} of direct')]);
  });
});

test('ids are words of the path and of what is done, each once', () => {
  const names = ['GET /v1/leads', 'POST /v1/leads', 'GET /v1/leads/{id}', 'PATCH /v1/leads/{id}', 'PUT /v1/leads/{id}'];
  const more = ['DELETE /v1/leads/{id}', 'POST /v1/leads/{id}/done_deal', 'GET /v1/leads/{id}/lead-tags', 'GET /v1/me'];
  const odd = ['GET /v1/2fa', 'POST /v1/passthrough', 'GET /v1/Leads', 'GET /v1/été', 'GET /v1'];
  const { text } = tableOf(documentOf([...names, ...more, ...odd]), documentOf(['GET /else']));
  expect(Object.keys(configRows(text)).toSorted()).toEqual(
    [
      ...['leads.list', 'leads.create', 'leads.get', 'leads.update', 'leads.replace', 'leads.delete', 'leads.doneDeal'],
      ...['leads.leadTags.list', 'me.get', 'get', 'passthrough2', 'leads.list2', 'v1.get'],
    ].toSorted(),
  );
});

function configRows(text: string): Record<string, { direct?: unknown; gateway?: unknown }> {
  return Object.fromEntries(loaded(text).routes.map((route) => [route.id, route]));
}
