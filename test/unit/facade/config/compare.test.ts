import { describe, expect, it } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { compileRoutes } from '../../../../src/facade/rollout/compile.ts';
import { configOf, CREATE_LEAD, GET_LEAD, reportOf, withRows } from './support.ts';

const UPDATE = `id: leads.update
direct: PATCH /integration/leads/:leadId
gateway: PATCH /leads/:leadId
rollout: { gateway: 0 }
body: { fields: { customer: { type: string } } }`;

const top = (part: string, ...rows: string[]) => `${part.trim()}\n${withRows(...rows)}`;

describe('what counts of two answers', () => {
  it('comes from the route on top of what all routes have, in milliseconds', () => {
    const row = `${GET_LEAD}
compare:
  ignore: [$.a]
  tolerate: [{ path: $.at, time: 2s }]
  ready: { parity: 0.999 }`;
    const [model] = compileRoutes(configOf(top('compare: { ignore: [$.a, $.b], headers: [etag] }', row)), CONTACT2SALE);
    expect(model?.compare).toEqual({
      ignore: ['$.a', '$.b'],
      headers: ['etag'],
      tolerate: [{ path: '$.at', number: undefined, time: 2_000 }],
      unordered: [],
      ready: { parity: 0.999, errorRateDelta: 0.01, latencyP95Ratio: 1.5 },
    });
  });

  it('is named by JSONPaths that can be read', () => {
    const row = `${GET_LEAD}
compare:
  ignore: ['$.a[', data.b]
  unordered: [{ path: '$..[' }]
  tolerate: [{ path: $.at }]`;
    expect(reportOf(top("compare: { ignore: ['$.['] }", row))).toEqual([
      '1:21  compare.ignore[0]: is no JSONPath (RFC 9535); write one such as $.data[*].attributes.updated_at',
      '11:24  routes[0] (leads.get).compare.ignore[1]: "data.b" is not in the right form; write a JSONPath (RFC 9535), such as $.data[*].attributes.updated_at or $..updated_at',
    ]);
    expect(reportOf(top('', row.replace(', data.b', '')))).toEqual([
      '11:16  routes[0] (leads.get).compare.ignore[0]: is no JSONPath (RFC 9535); write one such as $.data[*].attributes.updated_at',
      '12:27  routes[0] (leads.get).compare.unordered[0].path: is no JSONPath (RFC 9535); write one such as $.data[*].attributes.updated_at',
      '13:18  routes[0] (leads.get).compare.tolerate[0]: tolerates nothing; write number:, time: or both',
    ]);
  });
});

describe('the ledger of known differences', () => {
  const entry = (changes: Record<string, string>) => {
    const fields = {
      route: 'leads.get',
      path: '/data/*/a',
      kind: 'missing',
      why: 'w',
      owner: 'o',
      expires: '2027-01-31',
      ...changes,
    };
    return `knownDifferences:\n  - { ${Object.entries(fields)
      .map(([name, value]) => `${name}: ${value}`)
      .join(', ')} }`;
  };

  it('names a route, a place, a kind, a reason, an owner and a day', () => {
    expect(reportOf(top(entry({}), GET_LEAD))).toEqual([]);
    expect(reportOf(top(entry({ path: "''" }), GET_LEAD))).toEqual([]);
    expect(reportOf(top(entry({ path: 'header:etag' }), GET_LEAD))).toEqual([]);
    expect(reportOf(top(entry({ route: 'leads.gte' }), GET_LEAD))).toEqual([
      '2:14  knownDifferences[0].route: "leads.gte" is the id of no route; did you mean "leads.get"?',
    ]);
    const wrongs: Record<string, string>[] = [
      { path: 'data/a' },
      { kind: 'lost' },
      { expires: 'never' },
      { expires: '2027-02-31' },
      { owner: "''" },
    ];
    for (const wrong of wrongs) {
      expect(reportOf(top(entry(wrong), GET_LEAD))).toHaveLength(1);
    }
  });

  it('may hold what has expired: the facade must start with it', () => {
    expect(reportOf(top(entry({ expires: '2020-01-01' }), GET_LEAD))).toEqual([]);
  });
});

describe('reading writes back', () => {
  const verify = (written: string, row = UPDATE) => `${row}\nverify: ${written}`;
  const FIELDS = 'fields: { customer: $.data.attributes.customer.name }';

  it('is compiled to buckets and milliseconds', () => {
    const [model] = compileRoutes(
      configOf(withRows(verify(`{ read: leads.get, sample: 2.5, after: 2s, ${FIELDS} }`), GET_LEAD)),
      CONTACT2SALE,
    );
    expect(model?.verify).toEqual({
      read: 'leads.get',
      sample: 250,
      minSamples: 20,
      afterMs: 2_000,
      fields: { customer: '$.data.attributes.customer.name' },
    });
  });

  it.each([
    [
      'a route that is not there',
      verify(`{ read: leads.gte, ${FIELDS} }`),
      ['10:21  routes[0] (leads.update).verify.read: "leads.gte" is the id of no route; did you mean "leads.get"?'],
    ],
    [
      'a write',
      verify(`{ read: leads.update, ${FIELDS} }`),
      [
        '10:21  routes[0] (leads.update).verify.read: leads.update is no read of the direct endpoint; write one of leads.get',
      ],
    ],
    [
      'a field that the route has not',
      verify('{ read: leads.get, fields: { custmer: $.a } }'),
      [
        '10:42  routes[0] (leads.update).verify.fields.custmer: "custmer" is none of body.fields; did you mean "customer"?',
      ],
    ],
    [
      'a broken JSONPath',
      verify("{ read: leads.get, fields: { customer: '$.[' } }"),
      [
        '10:52  routes[0] (leads.update).verify.fields.customer: is no JSONPath (RFC 9535); write one such as $.data[*].attributes.updated_at',
      ],
    ],
    [
      'a parameter that the write has not',
      verify(`{ read: leads.get, ${FIELDS} }`, CREATE_LEAD + '\nbody: { fields: { customer: { type: string } } }'),
      [
        '10:21  routes[0] (leads.create).verify.read: leads.get wants :leadId, which the route does not have; write one of (no route fits)',
      ],
    ],
  ])('refuses %s', (_, row, report) => {
    expect(reportOf(withRows(row, GET_LEAD))).toEqual(report);
  });

  it('refuses a read, and a route with one endpoint', () => {
    const other = 'id: leads.see\ndirect: GET /integration/see/:leadId\nrollout: { gateway: 0 }';
    const read = verify('{ read: leads.see, fields: {} }', GET_LEAD);
    expect(reportOf(withRows(read, other))[0]).toMatch(
      /a read leaves nothing to read back; leave it out, and shadow the route instead$/,
    );
    const single = verify(`{ read: leads.get, ${FIELDS} }`, UPDATE.replace(/gateway: PATCH.*\n/, ''));
    expect(reportOf(withRows(single, GET_LEAD))[0]).toMatch(
      /the route has one endpoint only; leave it out: there is no other path to check$/,
    );
  });
});
