import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { formatProblems, parseConfig } from '../../../../src/facade/config/load.ts';
import { configOf, CREATE_LEAD, ENV, GET_LEAD, problemsOf, reportOf, withPart, withRows } from './support.ts';

describe('a sound config', () => {
  it('is returned with its defaults filled in', () => {
    const config = configOf(withRows(GET_LEAD));
    expect(config.defaults.deadlines).toEqual({ connect: 3_000, firstByte: 20_000, idle: 15_000, total: 25_000 });
    expect(config.defaults.breaker).toMatchObject({
      window: 10_000,
      volumeThreshold: 10,
      errorRate: 0.5,
      reset: 5_000,
    });
    expect(config.routes[0]?.rollout).toEqual({ gateway: 0, shadow: 0, fallback: 'direct' });
  });

  it('is named by the first 12 hex digits of the SHA-256 of its text', () => {
    const text = withRows(GET_LEAD);
    const parsed = parseConfig(text, ENV);
    const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
    expect(parsed).toMatchObject({ ok: true, digest });
    expect(parseConfig(`${text}# a comment\n`, ENV)).not.toMatchObject({ digest });
  });

  it('takes the URLs of its upstreams from the environment, without the slash at the end', () => {
    const env = { C2S_BASE_URL: ' https://crm.example/api/\n', C2S_GATEWAY_URL: 'http://127.0.0.1:8001/' };
    const { upstreams } = configOf(withRows(GET_LEAD), env);
    expect(upstreams.direct.url).toBe('https://crm.example/api');
    expect(upstreams.gateway.url).toBe('http://127.0.0.1:8001');
  });

  it.each([{}, { C2S_GATEWAY_URL: '' }])('has no gateway when its variable is %j', (unset) => {
    expect(configOf(withRows(GET_LEAD), { ...ENV, ...unset }).upstreams.gateway.url).toBe('');
  });

  it('may share parts by anchor and alias', () => {
    const shared = withRows(
      GET_LEAD.replace('{ gateway: 0 }', '&still { gateway: 0, shadow: 5 }'),
      `
id: tags.list
direct: GET /integration/tags
gateway: GET /tags
rollout: *still`,
    );
    expect(configOf(shared).routes[1]?.rollout.shadow).toBe(5);
  });
});

describe('a config that does not fit the schema', () => {
  it('is refused with the line, the route by its id, the key and what to write instead', () => {
    const text = withRows(GET_LEAD.replace('{ gateway: 0 }', '{ gateway: 0, fallbak: direct }'));
    const problems = problemsOf(text);
    expect(problems).toEqual([
      {
        line: 8,
        column: 28,
        where: 'routes[0] (leads.get).rollout.fallbak',
        message: 'unknown key',
        remedy: 'did you mean "fallback"?',
      },
    ]);
    expect(formatProblems('config/facade.yaml', problems)).toBe(
      'config/facade.yaml:8:28  routes[0] (leads.get).rollout.fallbak: unknown key; did you mean "fallback"?',
    );
  });

  it('lists the known keys where a wrong one resembles none', () => {
    expect(reportOf(withPart('log: { colour: red }'))).toEqual([
      '1:8  log.colour: unknown key; known here: successSample',
    ]);
  });

  const rollout = (written: string) => withRows(GET_LEAD.replace('{ gateway: 0 }', written));
  it.each([
    [
      'a text for a number',
      rollout('{ gateway: 25% }'),
      '8:25  routes[0] (leads.get).rollout.gateway: "25%" is of the wrong type; write a number from 0 to 100',
    ],
    [
      'a percentage above 100',
      rollout('{ gateway: 101 }'),
      '8:25  routes[0] (leads.get).rollout.gateway: 101 is out of range; write a number from 0 to 100',
    ],
    [
      'a percentage that is no number',
      rollout('{ gateway: .nan }'),
      '8:25  routes[0] (leads.get).rollout.gateway: NaN is of the wrong type; write a number from 0 to 100',
    ],
    [
      'three decimals',
      rollout('{ gateway: 0.125 }'),
      '8:25  routes[0] (leads.get).rollout.gateway: 0.125 is not in the right form; write at most two decimals: the split has 10,000 buckets',
    ],
    ...['1e-320', '0.000001', '0.00999', '25.0000001', '99.999999'].map((written): [string, string, string] => [
      `less than the split tells apart, ${written}`,
      rollout(`{ gateway: ${written} }`),
      `8:25  routes[0] (leads.get).rollout.gateway: ${Number(written)} is not in the right form; write at most two decimals: the split has 10,000 buckets`,
    ]),
    [
      'a misspelt word',
      rollout('{ gateway: 0, fallback: drect }'),
      '8:38  routes[0] (leads.get).rollout.fallback: "drect" is not known here; write "direct" or "none", did you mean "direct"?',
    ],
    [
      'a missing key',
      rollout('{ shadow: 0 }'),
      '8:5  routes[0] (leads.get).rollout.gateway: is missing; write a number from 0 to 100',
    ],
    [
      'a part left empty',
      rollout(''),
      '8:13  routes[0] (leads.get).rollout: is empty; write a map with the keys gateway, shadow, stickyBy, fallback',
    ],
    [
      'yes for true',
      withPart('server: { forceHeader: yes }'),
      '1:24  server.forceHeader: "yes" is of the wrong type; write true or false',
    ],
    [
      'a duration without a unit',
      withPart('server: { drain: 25 }'),
      '1:18  server.drain: 25 is of the wrong type; write a duration as text with a unit, such as 250ms, 25s, 30m or 1h',
    ],
    [
      'a duration in an unknown unit',
      withPart('server: { drain: 25sec }'),
      '1:18  server.drain: "25sec" is not in the right form; write a number and a unit, such as 250ms, 25s, 30m or 1h',
    ],
    [
      'a duration that timers cannot hold',
      withPart('server: { drain: 25h }'),
      '1:18  server.drain: "25h" is not in the right form; write at most 24h',
    ],
    [
      'a window in which opossum would remember too much',
      withPart('defaults: { breaker: { window: 11m } }'),
      '1:32  defaults.breaker.window: "11m" is not in the right form; write at most 10m',
    ],
    [
      'a deadline of nothing',
      withPart('defaults: { deadlines: { idle: 0s } }'),
      '1:32  defaults.deadlines.idle: "0s" is not in the right form; write at least 1ms',
    ],
    [
      'a size without a unit',
      withPart('defaults: { maxBody: 1000 }'),
      '1:22  defaults.maxBody: 1000 is of the wrong type; write a size as text with a unit, such as 64KiB or 1MiB',
    ],
    [
      'a fraction for a whole number',
      withPart('defaults: { breaker: { volumeThreshold: 1.5 } }'),
      '1:41  defaults.breaker.volumeThreshold: 1.5 is of the wrong type; write a whole number of at least 1',
    ],
    [
      'an endpoint without a method',
      withRows(GET_LEAD.replace('GET /leads', '/leads')),
      '7:14  routes[0] (leads.get).gateway: "/leads/:leadId" is not in the right form; write METHOD /path/with/:parameters, without a query and without a slash at the end',
    ],
    [
      'an endpoint with a query, in a list',
      withRows(GET_LEAD.replace('GET /leads/:leadId', '[GET /leads/:leadId, GET /lead?id=:leadId]')),
      '7:35  routes[0] (leads.get).gateway[1]: "GET /lead?id=:leadId" is not in the right form; write METHOD /path/with/:parameters, without a query and without a slash at the end',
    ],
    [
      'an endpoint that is neither text nor list',
      withRows(GET_LEAD.replace('GET /leads/:leadId', '7')),
      '7:14  routes[0] (leads.get).gateway: 7 is of the wrong type; write a text or a list',
    ],
    [
      'an empty list of endpoints',
      withRows(GET_LEAD.replace('GET /leads/:leadId', '[]')),
      '7:14  routes[0] (leads.get).gateway: the list is too short; write at least 1 of them',
    ],
    [
      'an id with spaces',
      withRows(GET_LEAD.replace('leads.get', 'get a lead')),
      '5:9  routes[0] (get a lead).id: "get a lead" is not in the right form; write words joined by dots, such as leads.messages.create',
    ],
    [
      'a list for a map',
      withPart('server: []'),
      '1:9  server: a list is of the wrong type; write a map with the keys forceHeader, trustedProxies, killSwitchFile, consoleUrl, knownCallerShare, maxHeaderSize, keepAlive, drainDelay, drain, unknownWrites, overload',
    ],
  ])('is refused for %s', (_, text, line) => {
    expect(reportOf(text)).toEqual([line]);
  });

  it('without routes says so', () => {
    expect(reportOf('upstreams: { direct: { url: "http://a" }, gateway: { url: "" } }\nroutes: []\n')).toEqual([
      '2:9  routes: the list is too short; write at least 1 of them',
    ]);
  });

  it('never repeats a URL, which may hold a password', () => {
    const text = withRows(GET_LEAD).replace('"${C2S_BASE_URL}"', '[https://u:hush@crm.example]');
    const secret = withRows(GET_LEAD).replace('"${C2S_BASE_URL}"', 'https://u:hush@crm.example');
    expect(reportOf(text).join()).toContain('upstreams.direct.url: a list is of the wrong type');
    expect(reportOf(secret).join()).toContain('the URL holds credentials');
    expect([...reportOf(text), ...reportOf(secret)].join()).not.toContain('hush');
  });
});

describe('all that is wrong', () => {
  it('is reported at once and in the order of the file: schema, rules and environment together', () => {
    const text = withRows(
      GET_LEAD.replace('{ gateway: 0 }', '{ gateway: -1, stickyBy: leadId }'),
      CREATE_LEAD.replace('{ gateway: 0 }', '{ gateway: 0, shadow: 10 }'),
      GET_LEAD.replace('leads.get', 'leads.read').replace('{ gateway: 0 }', '{ gateway: 0, stickyBy: leadid }'),
      CREATE_LEAD,
    );
    const places = problemsOf(text, {}).map(({ line, where }) => `${line} ${where}`);
    expect(places).toEqual([
      '2 upstreams.direct.url',
      '8 routes[0] (leads.get).rollout.gateway',
      '12 routes[1] (leads.create).rollout.shadow',
      '16 routes[2] (leads.read).rollout.stickyBy',
      '17 routes[3] (leads.create).id',
      '18 routes[3] (leads.create).direct',
      '19 routes[3] (leads.create).gateway',
    ]);
  });

  it('has a remedy each', () => {
    for (const { remedy } of problemsOf(withRows('id: 7\ndirekt: 1', 'rollout: []'), {})) expect(remedy).not.toBe('');
  });
});
