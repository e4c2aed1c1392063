import { describe, expect, it } from 'vitest';
import { configOf, CREATE_LEAD, ENV, GET_LEAD, reportOf, withPart, withRows } from './support.ts';

const rollout = (row: string, written: string) => row.replace('{ gateway: 0 }', written);

describe('ids and endpoints', () => {
  it('an id is given once', () => {
    const other = 'id: leads.get\ndirect: GET /a/:x\nrollout: { gateway: 0 }';
    expect(reportOf(withRows(GET_LEAD, other))).toEqual([
      '9:9  routes[1] (leads.get).id: the id is taken by routes[0]; write another id: metrics and breakers go by it',
    ]);
  });

  it('a route has at least one endpoint', () => {
    expect(reportOf(withRows('id: nothing\nrollout: { gateway: 0 }'))).toEqual([
      '5:5  routes[0] (nothing): has no endpoint; write direct: METHOD /path, gateway: or both',
    ]);
  });

  const REMEDY = 'write another method or path, or remove one of the two';
  it.each([
    [
      'by the same template',
      'direct: GET /integration/leads/:leadId',
      '10:13  routes[1] (other).direct: GET /integration/leads/:leadId is already claimed by routes[0] (leads.get).direct as GET /integration/leads/:leadId',
    ],
    [
      'under another parameter name',
      'direct: GET /integration/leads/:id',
      '10:13  routes[1] (other).direct: GET /integration/leads/:id is already claimed by routes[0] (leads.get).direct as GET /integration/leads/:leadId',
    ],
    [
      'in the other dialect',
      'direct: GET /leads/:id',
      '10:13  routes[1] (other).direct: GET /leads/:id is already claimed by routes[0] (leads.get).gateway as GET /leads/:leadId',
    ],
    [
      'by an alias',
      'direct: [GET /old/:id, GET /leads/:id]',
      '10:28  routes[1] (other).direct[1]: GET /leads/:id is already claimed by routes[0] (leads.get).gateway as GET /leads/:leadId',
    ],
  ])('a method and path is claimed once, not twice %s', (_, endpoint, line) => {
    const other = `id: other\n${endpoint}\nrollout: { gateway: 0 }`;
    expect(reportOf(withRows(GET_LEAD, other))).toEqual([`${line}; ${REMEDY}`]);
  });

  it('but may stand on both sides of one route, where the form of a body tells whose a request is', () => {
    const twins = (endpoint: string, body: string) =>
      reportOf(
        withRows(`id: tags\ndirect: [POST /i/tags, ${endpoint}]\ngateway: POST /tags\n${body}rollout: { gateway: 0 }`),
      );
    const body = 'body: { fields: { name: { type: string, required: true } } }\n';
    expect(twins('POST /tags', body)).toEqual([]);
    expect(twins('POST /tags', '')).toHaveLength(1);
    const other = 'id: other\ndirect: POST /tags\nrollout: { gateway: 0 }';
    expect(reportOf(withRows(`id: tags\ngateway: POST /tags\n${body}rollout: { gateway: 0 }`, other))).toHaveLength(1);
  });

  it('nor twice by the two endpoints of one route, whose dialect could not be told', () => {
    expect(reportOf(withRows(GET_LEAD.replace('GET /leads/:leadId', 'GET /integration/leads/:leadId')))).toHaveLength(
      1,
    );
  });

  it('the same path under another method, or a literal beside a parameter, is another claim', () => {
    const update = rollout(GET_LEAD, '{ gateway: 0 }').replaceAll('GET', 'PATCH').replace('leads.get', 'leads.update');
    const literal = 'id: leads.me\ngateway: GET /leads/me\nrollout: { gateway: 0 }';
    expect(reportOf(withRows(GET_LEAD, update, literal))).toEqual([]);
  });

  it('all endpoints of a route have the same parameters', () => {
    const text = withRows(GET_LEAD.replace('GET /leads/:leadId', '[GET /leads/:leadId, GET /lead/:id]'));
    expect(reportOf(text)).toEqual([
      '7:35  routes[0] (leads.get).gateway[1]: has the parameters :id where the first endpoint has :leadId; write the same parameter names on every endpoint of the route',
    ]);
    expect(reportOf(withRows(GET_LEAD.replace('GET /leads/:leadId', 'GET /leads')))).toEqual([
      '7:14  routes[0] (leads.get).gateway: has the parameters none where the first endpoint has :leadId; write the same parameter names on every endpoint of the route',
    ]);
  });

  it('in another order they are still the same', () => {
    const row = 'id: a\ndirect: GET /a/:x/b/:y\ngateway: GET /c/:y/d/:x\nrollout: { gateway: 0 }';
    expect(reportOf(withRows(row))).toEqual([]);
  });

  const SOUND = 'write whole segments of plain text or :name, each name once; wildcards do not exist';
  it.each([
    ['/a//b', 'holds an empty segment (//)'],
    ['/a/../b', 'holds the dot segment ..'],
    ['/a/*', 'holds *, which is neither a plain text nor a :parameter'],
    ['/a/x:y', 'holds x:y, which is neither a plain text nor a :parameter'],
    ['/a/b%2Fc', 'holds b%2Fc, which is neither a plain text nor a :parameter'],
    ['/a/:1', 'holds :1, which is no parameter name'],
    ['/a/:', 'holds :, which is no parameter name'],
    ['/a/:x/:x', 'names :x twice'],
  ])('a path template is sound: %s %s', (template, fault) => {
    const row = `id: a\ndirect: GET ${template.includes(':') ? `"${template}"` : template}\nrollout: { gateway: 0 }`;
    expect(reportOf(withRows(row.replace(/GET "(.*)"/, '"GET $1"')))).toEqual([
      `6:13  routes[0] (a).direct: ${fault}; ${SOUND}`,
    ]);
  });
});

describe('write safety', () => {
  const SHADOWED =
    'rollout.shadow: a copied write would be done twice in the same CRM; write 0: only routes that are safe can be shadowed';

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('a %s route cannot be shadowed, whatever it declares', (method) => {
    const row = rollout(CREATE_LEAD, '{ gateway: 0, shadow: 0.01 }').replaceAll('POST', method);
    expect(reportOf(withRows(row))).toEqual([`8:36  routes[0] (leads.create).${SHADOWED}`]);
    expect(reportOf(withRows(`${row}\nsafety: idempotent`))).toEqual([`8:36  routes[0] (leads.create).${SHADOWED}`]);
    expect(reportOf(withRows(`${row}\nsafety: safe`))).toEqual([
      `8:36  routes[0] (leads.create).${SHADOWED}`,
      `9:13  routes[0] (leads.create).safety: ${method} may write, so the route cannot be safe; leave it out, or write idempotent where sending twice does no harm`,
    ]);
  });

  it('one writing endpoint is enough to forbid the shadow', () => {
    const row = rollout(GET_LEAD, '{ gateway: 0, shadow: 1 }').replace('GET /leads', 'POST /leads');
    expect(reportOf(withRows(row))).toEqual([`8:36  routes[0] (leads.get).${SHADOWED}`]);
  });

  it('a read may be declared unsafe, and then is not shadowed either', () => {
    expect(reportOf(withRows(`${GET_LEAD}\nsafety: unsafe`))).toEqual([]);
    const row = `${rollout(GET_LEAD, '{ gateway: 0, shadow: 1 }')}\nsafety: unsafe`;
    expect(reportOf(withRows(row))).toEqual([`8:36  routes[0] (leads.get).${SHADOWED}`]);
  });

  it('a write may be declared idempotent in so many words', () => {
    expect(configOf(withRows(`${CREATE_LEAD}\nsafety: idempotent`)).routes[0]?.safety).toBe('idempotent');
  });
});

describe('a route with one endpoint', () => {
  const GATEWAY_ONLY = 'id: source\ngateway: GET /source\nrollout: { gateway: 0 }';
  const DIRECT_ONLY = 'id: old\ndirect: GET /old\nrollout: { gateway: 0 }';

  it('without the direct one is at 0 or at 100', () => {
    expect(reportOf(withRows(GATEWAY_ONLY))).toEqual([]);
    expect(reportOf(withRows(rollout(GATEWAY_ONLY, '{ gateway: 100 }')))).toEqual([]);
    expect(reportOf(withRows(rollout(GATEWAY_ONLY, '{ gateway: 50, shadow: 1 }')))).toEqual([
      '7:25  routes[0] (source).rollout.gateway: 50 splits a route that has no direct endpoint to serve the rest; write 0 (not offered) or 100',
      '7:37  routes[0] (source).rollout.shadow: there is no other path to compare; write 0',
    ]);
  });

  it('without the gateway one stays direct', () => {
    expect(reportOf(withRows(DIRECT_ONLY))).toEqual([]);
    expect(reportOf(withRows(rollout(DIRECT_ONLY, '{ gateway: 5, shadow: 5 }')))).toEqual([
      '7:25  routes[0] (old).rollout.gateway: the route has no gateway endpoint; write 0, or add gateway: METHOD /path',
      '7:36  routes[0] (old).rollout.shadow: the route has no gateway endpoint; write 0, or add gateway: METHOD /path',
    ]);
  });
});

describe('stickyBy', () => {
  it('is a parameter of the route or the caller', () => {
    for (const known of ['leadId', 'caller']) {
      expect(reportOf(withRows(rollout(GET_LEAD, `{ gateway: 0, stickyBy: ${known} }`)))).toEqual([]);
    }
    expect(reportOf(withRows(rollout(GET_LEAD, '{ gateway: 0, stickyBy: sellerId }')))).toEqual([
      '8:38  routes[0] (leads.get).rollout.stickyBy: "sellerId" is no parameter of the route; write leadId or caller',
    ]);
  });
});

describe('bodies and queries', () => {
  const body = (rule: string) =>
    withRows(`id: m\ndirect: POST /a/:leadId/m\ngateway: POST /b/:leadId/m\nrollout: { gateway: 0 }\nbody: ${rule}`);

  it('an echo repeats a path parameter', () => {
    expect(reportOf(body('{ fields: {}, echoes: { leadId: leadId } }'))).toEqual([]);
    expect(reportOf(body('{ fields: {}, echoes: { leadId: leadid } }'))).toEqual([
      '9:43  routes[0] (m).body.echoes.leadId: "leadid" is no path parameter of the route; did you mean "leadId"?',
    ]);
  });

  it('a JSON:API name belongs to a field', () => {
    expect(
      reportOf(body('{ fields: { customer: { type: string } }, jsonApi: { type: lead, names: { costumer: name } } }')),
    ).toEqual([
      '9:85  routes[0] (m).body.jsonApi.names.costumer: "costumer" is none of body.fields; did you mean "customer"?',
    ]);
  });

  it('a name of the direct body is read by one field', () => {
    const rule =
      '{ fields: { a: { direct: [x, y], type: string }, b: { direct: y, type: string }, z: { type: string } }, echoes: { z: leadId } }';
    expect(reportOf(body(rule)).map((line) => line.replace(/^\S+ {2}/, ''))).toEqual([
      'routes[0] (m).body.fields.b: "y" of the direct body is already read by fields.a; write each direct name once',
      'routes[0] (m).body.fields.z: "z" of the direct body is already read by echoes.z; write each direct name once',
    ]);
  });

  it('a range of a query parameter holds something and is of integers', () => {
    const row = `${GET_LEAD}\nquery: { page: { type: integer, min: 5, max: 1 }, name: { type: string, max: 3 } }`;
    expect(reportOf(withRows(row))).toEqual([
      '9:20  routes[0] (leads.get).query.page: no integer is at least 5 and at most 1; write min below max',
      '9:61  routes[0] (leads.get).query.name: min and max mean nothing to a string; leave them out, or write type: integer',
    ]);
  });
});

describe('upstreams', () => {
  it('a variable of blanks is no order to switch the gateway off', () => {
    const remedy = 'holds nothing but blanks; write a value, or leave it empty to unset it';
    for (const blank of [' ', ' \t ', '\n']) {
      expect(reportOf(withRows(GET_LEAD), { ...ENV, C2S_GATEWAY_URL: blank })).toEqual([
        expect.stringContaining(`upstreams.gateway.url: C2S_GATEWAY_URL ${remedy}`),
      ]);
      expect(reportOf(withRows(GET_LEAD), { ...ENV, C2S_BASE_URL: blank })).toEqual([
        expect.stringContaining(`upstreams.direct.url: C2S_BASE_URL ${remedy}`),
      ]);
    }
    expect(reportOf(withRows(GET_LEAD), { ...ENV, C2S_GATEWAY_URL: '' })).toEqual([]);
  });

  it('the direct one is set, in the environment or in the file', () => {
    const line =
      '2:18  upstreams.direct.url: C2S_BASE_URL is not set in the environment; set C2S_BASE_URL, or write the URL here';
    expect(reportOf(withRows(GET_LEAD), {})).toEqual([line]);
    expect(reportOf(withRows(GET_LEAD).replace('${C2S_BASE_URL}', 'http://crm.example'), {})).toEqual([]);
  });

  it.each([
    ['crm.example', 'is not a URL'],
    ['ftp://crm.example', 'is neither http nor https'],
    ['https://user:pass@crm.example', 'holds credentials'],
    ['https://crm.example?token=x', 'holds a query'],
    ['https://crm.example/#top', 'holds a fragment'],
  ])('%s is no base URL: it %s', (url, fault) => {
    const remedy = 'write http://host:port or https://host, a path may follow';
    expect(reportOf(withRows(GET_LEAD), { C2S_BASE_URL: url, C2S_GATEWAY_URL: url })).toEqual([
      `2:18  upstreams.direct.url: the URL ${fault}; ${remedy}`,
      `3:19  upstreams.gateway.url: the URL ${fault}; ${remedy}`,
    ]);
  });

  it('a variable is written ${NAME}, and only in URLs and secrets', () => {
    expect(reportOf(withRows(GET_LEAD).replace('${C2S_BASE_URL}', 'http://${C2S-HOST}'))).toEqual([
      '2:18  upstreams.direct.url: holds a ${ that names no variable; write ${NAME} with letters, digits and _',
    ]);
    expect(reportOf(withPart('server: { killSwitchFile: "${DIR}/off" }'))).toEqual([
      '1:27  server.killSwitchFile: ${…} is read in upstreams.*.url, notify.*.url and notify.*.secret only; write the value itself',
    ]);
  });
});

describe('health checks', () => {
  const checked = (written: string, rows = [GET_LEAD]) =>
    reportOf(
      withRows(...rows).replace(
        'gateway: { url: "${C2S_GATEWAY_URL}" }',
        `gateway: { url: "\${C2S_GATEWAY_URL}", health: { ${written} } }`,
      ),
    );

  it.each([
    'path: /health',
    'path: "/health?of=facade"',
    'path: /leads',
    'path: /leads/42/tags',
    'path: /health, expectedStatuses: 204',
    'path: /health, expectedStatuses: 200-399',
    'path: /health, expectedStatuses: [200, 401, 500-503]',
  ])('%s is sound', (written) => {
    expect(checked(written)).toEqual([]);
  });

  it.each([
    ['path: health', 'write a path as /health'],
    ['path: "/a b"', 'write a path as /health'],
    ['path: "/a\\r\\nx: y"', 'write a path as /health'],
    ['interval: 5s', 'path'],
    ['path: /health, expectedStatuses: "2xx"', 'expectedStatuses'],
    ['path: /health, unhealthyAfter: 0', 'unhealthyAfter'],
    ['path: /health, interval: 0s', 'interval'],
    ['path: /health, method: POST', 'method'],
  ])('%s is not', (written, told) => {
    expect(checked(written).join('\n')).toContain(told);
  });

  it.each(['/leads/42', '/leads/42?x=1'])('%s names a lead: a record is no health page', (path) => {
    expect(checked(`path: "${path}"`)).toEqual([
      expect.stringContaining(
        'upstreams.gateway.health.path: "/leads/42" is a record of routes[0] (leads.get), which may be deleted or need a token; write a page that reads no data, as /health',
      ),
    ]);
  });
});

describe('deadlines', () => {
  it('the total one covers its parts, in the defaults and in a row', () => {
    expect(reportOf(withPart('defaults: { deadlines: { total: 10s } }'))).toEqual([
      '1:33  defaults.deadlines.total: total 10s is shorter than firstByte 20s, which could never pass; write firstByte at most as long as total',
    ]);
    expect(reportOf(withRows(`${GET_LEAD}\ndeadlines: { firstByte: 1m }`))).toEqual([
      '9:29  routes[0] (leads.get).deadlines.firstByte: total 25s is shorter than firstByte 1m, which could never pass; write firstByte at most as long as total',
    ]);
    expect(reportOf(withRows(`${GET_LEAD}\ndeadlines: { firstByte: 1m, total: 1m }`))).toEqual([]);
  });
});

describe('trustedProxies', () => {
  it.each(['10.1.2.3', '10.0.0.0/8', '::1', 'fd00::/8'])('%s is an address or a range', (text) => {
    expect(reportOf(withPart(`server: { trustedProxies: ["${text}"] }`))).toEqual([]);
  });

  it.each(['localhost', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0/8', 'fd00::/129', ''])(
    '"%s" is neither',
    (text) => {
      expect(reportOf(withPart(`server: { trustedProxies: ["${text}"] }`))).toEqual([
        `1:28  server.trustedProxies[0]: "${text}" is neither an address nor a range; write 10.1.2.3, 10.0.0.0/8 or fd00::/8`,
      ]);
    },
  );
});

it('a route that the schema refuses does not hide what is wrong between the others', () => {
  const text = withRows(GET_LEAD, `${CREATE_LEAD}\ncolour: red`, GET_LEAD);
  expect(reportOf(text, ENV).map((line) => line.replace(/^\S+ {2}/, '').split(':')[0])).toEqual([
    'routes[1] (leads.create).colour',
    'routes[2] (leads.get).id',
    'routes[2] (leads.get).direct',
    'routes[2] (leads.get).gateway',
  ]);
});
