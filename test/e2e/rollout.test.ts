import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Document } from 'yaml';
import { C2S_TOKEN, FACADE_TOKEN, setAll, setRoute, startFacade, type TestFacade } from './kit/facade.ts';
import { inBatches, Opened, tally } from './kit/load.ts';
import { refusedUrl, startUpstream, until, type TestUpstream } from './kit/upstream.ts';

const opened = new Opened();
afterEach(opened.closeAll);

const known = { authorization: `Bearer ${FACADE_TOKEN}` };

let direct: TestUpstream;
let gateway: TestUpstream;
beforeEach(async () => {
  const named = (name: string) => startUpstream((_, res) => res.writeHead(200).end(`{"from":"${name}"}`));
  direct = opened.keep(await named('direct'));
  gateway = opened.keep(await named('gateway'));
});

async function start(edit: (config: Document) => void): Promise<TestFacade> {
  return opened.keep(await startFacade({ direct: direct.url, gateway: gateway.url, edit }));
}

/** `status path` */
async function ask(facade: TestFacade, target: string, headers: Record<string, string> = known): Promise<string> {
  const res = await fetch(facade.url + target, { headers });
  await res.text();
  return `${res.status} ${res.headers.get('x-facade-path')}`;
}

describe('who may take the gateway path', () => {
  const strangers: [string, Record<string, string>][] = [
    ['no credentials', {}],
    ['a wrong token', { authorization: 'Bearer wrong' }],
    ['the beginning of a token', { authorization: `Bearer ${FACADE_TOKEN.slice(0, -1)}` }],
    ['an empty token', { authorization: 'Bearer ' }],
    ['a wrong Authentication', { authentication: 'wrong' }],
  ];
  test.each(strangers)('not %s, on any route at 100, in either dialect, forced or not', async (_, headers) => {
    const facade = await start((config) => {
      setAll(config, 100);
      config.setIn(['server', 'forceHeader'], true);
    });
    for (const target of ['/integration/leads/42', '/leads/42', '/leads', '/integration/tags', '/company/me']) {
      expect(await ask(facade, target, headers)).toBe('200 direct');
      expect(await ask(facade, target, { ...headers, 'x-facade-force': 'gateway' })).toBe('200 direct');
    }
    expect(gateway.connections()).toBe(0);
    // What they sent arrived untouched: it is Contact2Sale that says 401.
    for (const { headers: sent } of direct.received) {
      expect([sent.authorization, sent['authentication']]).toEqual([
        headers['authorization']?.trim(),
        headers['authentication'],
      ]);
    }
  });

  test.each([
    ['a token and more', `Bearer ${FACADE_TOKEN}x`],
    ['a token under another scheme', `Basic ${FACADE_TOKEN}`],
  ])('%s goes nowhere: an upstream would see it', async (_, authorization) => {
    const facade = await start((config) => setAll(config, 100));
    for (const target of ['/integration/leads/42', '/leads/42', '/leads', '/anything/else']) {
      expect(await ask(facade, target, { authorization })).toBe('400 null');
    }
    expect([direct.connections(), gateway.connections()]).toEqual([0, 0]);
  });

  test.each([
    ['a facade token', { authorization: `Bearer ${FACADE_TOKEN}` }],
    ['the Contact2Sale token', { authorization: `Bearer ${C2S_TOKEN}` }],
    ['a scheme in any case', { authorization: `bearer ${C2S_TOKEN}` }],
    ['Authentication with a scheme', { authentication: `Bearer ${C2S_TOKEN}` }],
    ['Authentication without', { authentication: C2S_TOKEN }],
    ['Authorization without', { authorization: FACADE_TOKEN }],
  ] as [string, Record<string, string>][])('%s may', async (_, headers) => {
    const facade = await start((config) => setAll(config, 100));
    expect(await ask(facade, '/integration/leads/42', headers)).toBe('200 gateway');
    const sent = gateway.received[0]?.headers;
    expect([sent?.authorization, sent?.['authentication']]).toEqual([undefined, undefined]);
  });
});

describe('a forced side', () => {
  const force = (side: string) => ({ ...known, 'x-facade-force': side });

  test('is taken only with forceHeader, and never reaches an upstream', async () => {
    const facade = await start((config) => setRoute(config, 'leads.get', ['rollout', 'gateway'], 0));
    expect(await ask(facade, '/leads/42', force('gateway'))).toBe('200 direct');
    await facade.edit((config) => config.setIn(['server', 'forceHeader'], true));
    expect(await ask(facade, '/leads/42', force('gateway'))).toBe('200 gateway');
    expect(await ask(facade, '/leads/42', force('nonsense'))).toBe('200 direct');
    await facade.edit((config) => setRoute(config, 'leads.get', ['rollout', 'gateway'], 100));
    expect(await ask(facade, '/leads/42', force('direct'))).toBe('200 direct');
    expect(await ask(facade, '/leads/42')).toBe('200 gateway');
    for (const { headers } of [...direct.received, ...gateway.received]) {
      expect(headers['x-facade-force']).toBeUndefined();
    }
  });

  test('gives way to the kill switch', async () => {
    const facade = await start((config) => config.setIn(['server', 'forceHeader'], true));
    facade.dataPlane.killed = true;
    expect(await ask(facade, '/leads/42', force('gateway'))).toBe('200 direct');
  });
});

describe('the kill switch', () => {
  const change = (facade: TestFacade, method: string) =>
    fetch(`${facade.adminUrl}/api/kill-switch`, { method, headers: { 'x-c2s-admin': '1' } }).then((res) => res.json());

  test('by the admin API: every route direct at the next request, and back', async () => {
    const facade = await start((config) => setAll(config, 100));
    expect(await ask(facade, '/leads/42')).toBe('200 gateway');
    expect(await change(facade, 'PUT')).toMatchObject({ on: true, by: ['admin'] });
    for (const target of ['/leads/42', '/leads', '/tags', '/integration/me']) {
      expect(await ask(facade, target)).toBe('200 direct');
    }
    expect(await facade.metric('facade_kill_switch')).toBe(1);
    expect(await change(facade, 'DELETE')).toMatchObject({ on: false, by: [] });
    expect(await ask(facade, '/leads/42')).toBe('200 gateway');
    expect(await facade.metric('facade_kill_switch')).toBe(0);
  });

  test('by a file that exists, within a second, whether or not the table is good; both must be off to end it', async () => {
    let file = '';
    const facade = await start((config) => setAll(config, 100));
    file = `${facade.configFile}.all-direct`;
    await facade.edit((config) => config.setIn(['server', 'killSwitchFile'], file));
    await facade.write('not: [a table');
    expect(await ask(facade, '/leads/42')).toBe('200 gateway');
    writeFileSync(file, '');
    await until(async () => (await ask(facade, '/leads/42')) === '200 direct', 'the file acts', 1_000);
    await change(facade, 'PUT');
    rmSync(file);
    await until(
      async () => ((await change(facade, 'PUT')) as { by: string[] }).by.join() === 'admin',
      'the file is gone',
    );
    expect(await ask(facade, '/leads/42')).toBe('200 direct');
    await change(facade, 'DELETE');
    expect(await ask(facade, '/leads/42')).toBe('200 gateway');
  });

  test('does not lift it by a reload, and holds for what only the gateway has', async () => {
    const facade = await start((config) => setRoute(config, 'leads.resolveSource', ['rollout', 'gateway'], 100));
    await change(facade, 'PUT');
    await facade.edit((config) => setAll(config, 100));
    expect(await ask(facade, '/leads/42')).toBe('200 direct');
    expect(await ask(facade, '/leads/resolve-source?form_id=1')).toBe('503 gateway');
    expect(gateway.connections()).toBe(0);
  });
});

describe('C2S_GATEWAY_URL, the rollback of last resort', () => {
  test('unset at start: everything is direct, whatever the table says', async () => {
    const facade = opened.keep(await startFacade({ direct: direct.url, edit: (config) => setAll(config, 100) }));
    expect(await ask(facade, '/leads/42')).toBe('200 direct');
    expect(await ask(facade, '/leads/resolve-source?form_id=1')).toBe('503 gateway');
  });

  test('emptied: everything is direct from the reload on; set again: the table acts again', async () => {
    const facade = await start((config) => setAll(config, 100));
    expect(await ask(facade, '/leads/42')).toBe('200 gateway');
    facade.variables['C2S_GATEWAY_URL'] = '';
    await facade.reload();
    for (const target of ['/leads/42', '/leads', '/integration/tags'])
      expect(await ask(facade, target)).toBe('200 direct');
    const config = (await (await fetch(`${facade.adminUrl}/api/config`)).json()) as { gateway: string };
    expect(config.gateway).toMatch(/not configured/);
    facade.variables['C2S_GATEWAY_URL'] = gateway.url;
    await facade.reload();
    expect(await ask(facade, '/leads/42')).toBe('200 gateway');
  });

  test('moved to another gateway: the next request goes there', async () => {
    const other = opened.keep(await startUpstream((_, res) => res.writeHead(200).end('{"from":"other"}')));
    const facade = await start((config) => setAll(config, 100));
    facade.variables['C2S_GATEWAY_URL'] = other.url;
    await facade.reload();
    expect(await ask(facade, '/leads/42')).toBe('200 gateway');
    expect([gateway.received.length, other.received.length]).toEqual([0, 1]);
  });
});

describe('callers that the table names', () => {
  const OTHER = 'token-of-another-caller';
  const other = { authorization: `Bearer ${OTHER}` };
  const idOf = (token: string): string => createHash('sha256').update(token).digest('hex').slice(0, 12);

  test('take their path whatever the percentage says, and the kill switch comes first', async () => {
    const stop = join(mkdtempSync(join(tmpdir(), 'c2s-stop-')), 'stop');
    const facade = opened.keep(
      await startFacade({
        direct: direct.url,
        gateway: gateway.url,
        env: { FACADE_TOKENS: `${FACADE_TOKEN},${OTHER}` },
        edit(config) {
          config.setIn(['server', 'killSwitchFile'], stop);
          config.setIn(['defaults', 'callers'], { [idOf(OTHER)]: 'gateway' });
          setRoute(config, 'tags.list', ['rollout', 'gateway'], 100);
          setRoute(config, 'tags.list', ['callers'], { [idOf(OTHER)]: 'direct' });
        },
      }),
    );
    const seen = async (headers: Record<string, string>) => [
      await ask(facade, '/leads/42', headers),
      await ask(facade, '/integration/leads/42', headers),
      await ask(facade, '/tags', headers),
      await ask(facade, '/anything/else', headers),
    ];
    expect(await seen(known)).toEqual(['200 direct', '200 direct', '200 gateway', '200 passthrough']);
    expect(await seen(other)).toEqual(['200 gateway', '200 gateway', '200 direct', '200 passthrough']);
    writeFileSync(stop, '');
    await facade.reload();
    await until(async () => (await ask(facade, '/leads/42', other)) === '200 direct', 'the kill switch is on');
  });

  test.each([
    ['eleven digits', '{ "0123456789a": gateway }', 'twelve hex digits'],
    ['digits without quotes, which YAML takes for a number', '{ 012345678901: gateway }', 'in quotes'],
    ['no path', '{ "0123456789ab": both }', 'direct'],
  ])('are refused with %s', async (_, callers, sentence) => {
    const facade = await start(() => undefined);
    const text = readFileSync(facade.configFile, 'utf8');
    await facade.write(text.replace(/^defaults:$/m, `defaults:\n  callers: ${callers}`));
    expect(facade.logs.join('')).toContain(sentence);
  });
});

describe('pinAfterWrite', () => {
  test('has a read take the path of the write before it, until its time is over', async () => {
    const facade = await start((config) => {
      config.setIn(['defaults', 'pinAfterWrite'], '2s');
      setRoute(config, 'leads.get', ['rollout', 'shadow'], 100);
      setRoute(config, 'leads.update', ['rollout', 'gateway'], 100);
    });
    const write = await fetch(`${facade.url}/leads/42`, {
      method: 'PATCH',
      headers: { ...known, 'content-type': 'application/json' },
      body: '{"description":"a"}',
    });
    expect([write.status, write.headers.get('x-facade-path')]).toEqual([200, 'gateway']);
    for (const target of ['/leads/42', '/integration/leads/42']) expect(await ask(facade, target)).toBe('200 gateway');
    expect(await ask(facade, '/leads/43')).toBe('200 direct');
    const explained = async (target: string) => {
      const headers = { 'content-type': 'application/json', 'x-c2s-admin': '1' };
      const body = JSON.stringify({ method: 'GET', target });
      const res = await fetch(`${facade.adminUrl}/api/explain`, { method: 'POST', headers, body });
      return ((await res.json()) as { explanation: object }).explanation;
    };
    const pin = (lastWriter: string) => ({ forMs: 2_000, lastWriter });
    expect(await explained('/leads/42')).toMatchObject({ side: 'gateway', reason: 'last writer', pin: pin('gateway') });
    expect(await explained('/leads/43')).toMatchObject({ side: 'direct', reason: 'split', pin: pin('none') });
    await until(async () => (await ask(facade, '/leads/42')) === '200 direct', 'the pin is over');
  });
});

describe('the split', () => {
  test('keeps a lead on its side, whatever is asked of it, in either dialect (pains P17 and P18)', async () => {
    const facade = await start((config) => setAll(config, 50));
    for (const lead of ['a1', 'b2', 'c3', 'd4']) {
      const targets = [
        `/leads/${lead}`,
        `/integration/leads/${lead}`,
        `/leads/${lead}/tags`,
        `/integration/leads/${lead}/tags`,
      ];
      const seen = await inBatches(50, 10, (i) => ask(facade, targets[i % targets.length] ?? ''));
      expect(Object.keys(tally(seen))).toHaveLength(1);
    }
  });

  test.each([5, 25, 60])('gives the gateway %i percent of many leads, within 5', async (share) => {
    const facade = await start((config) => setRoute(config, 'leads.get', ['rollout', 'gateway'], share));
    const ids = Array.from({ length: 1_000 }, (_, i) => (i * 2_654_435_761).toString(16).padStart(32, '0'));
    const seen = tally(await inBatches(ids.length, 40, (i) => ask(facade, `/leads/${ids[i]}`)));
    const measured = ((seen['200 gateway'] ?? 0) / ids.length) * 100;
    expect(Math.abs(measured - share)).toBeLessThan(5);
    expect(Object.keys(seen).toSorted()).toEqual(['200 direct', '200 gateway']);
  });

  test('moves only new leads when it grows, and only the last ones back (P17, P19)', async () => {
    const facade = await start((config) => setRoute(config, 'leads.get', ['rollout', 'gateway'], 0));
    const onGateway = async (share: number): Promise<Set<number>> => {
      await facade.edit((config) => setRoute(config, 'leads.get', ['rollout', 'gateway'], share));
      const seen = await inBatches(300, 20, (i) => ask(facade, `/leads/lead-${i}`));
      return new Set(seen.flatMap((answer, i) => (answer === '200 gateway' ? [i] : [])));
    };
    const small = await onGateway(20);
    const large = await onGateway(60);
    expect([...small].filter((lead) => !large.has(lead))).toEqual([]);
    expect(large.size).toBeGreaterThan(small.size);
    expect(await onGateway(20)).toEqual(small);
  });
});

test('a retired route is served by the gateway alone', async () => {
  const facade = opened.keep(
    await startFacade({
      direct: direct.url,
      gateway: await refusedUrl(),
      edit: (config) => {
        setRoute(config, 'leads.get', ['rollout', 'gateway'], 100);
        setRoute(config, 'leads.get', ['rollout', 'fallback'], 'none');
      },
    }),
  );
  expect(await ask(facade, '/integration/leads/42')).toBe('502 gateway');
  expect(direct.received).toHaveLength(0);
  const { routes } = (await (await fetch(`${facade.adminUrl}/api/routes`)).json()) as {
    routes: { id: string; stage: string }[];
  };
  expect(routes.find(({ id }) => id === 'leads.get')?.stage).toBe('retired');
});

describe('a route that only the gateway has', () => {
  test('is refused at 0, served at 100 to known callers, and 401 to others', async () => {
    const facade = await start((config) => setRoute(config, 'leads.resolveSource', ['rollout', 'gateway'], 0));
    const target = '/leads/resolve-source?form_id=7&campaign_id=8';
    expect(await ask(facade, target)).toBe('503 gateway');
    await facade.edit((config) => setRoute(config, 'leads.resolveSource', ['rollout', 'gateway'], 100));
    expect(await ask(facade, target)).toBe('200 gateway');
    expect(gateway.received.map(({ url }) => url)).toEqual([target]);
    const refused = await fetch(facade.url + target, { headers: { authorization: 'Bearer wrong' } });
    expect([refused.status, refused.headers.get('x-facade-outcome')]).toEqual([401, 'client_unauthorized']);
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(gateway.received).toHaveLength(1);
    expect(direct.received).toHaveLength(0);
  });
});
