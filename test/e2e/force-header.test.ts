import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { signForce, type ForceGrant } from '../../src/facade/forward/force-header.ts';
import { FACADE_TOKEN, startFacade, type TestFacade } from './kit/facade.ts';
import { Opened } from './kit/load.ts';
import { startUpstream, type TestUpstream } from './kit/upstream.ts';

const opened = new Opened();
afterEach(opened.closeAll);

const FORCE_HEADER_SECRET = 'test-force-secret-of-thirty-two-signs';
const HOUR = 3_600_000;
const idOf = (token: string): string => createHash('sha256').update(token).digest('hex').slice(0, 12);

let direct: TestUpstream;
let gateway: TestUpstream;
let facade: TestFacade;
beforeEach(async () => {
  const named = (name: string) => startUpstream((_, res) => res.writeHead(200).end(`{"from":"${name}"}`));
  direct = opened.keep(await named('direct'));
  gateway = opened.keep(await named('gateway'));
  facade = opened.keep(
    await startFacade({
      direct: direct.url,
      gateway: gateway.url,
      env: { FORCE_HEADER_SECRET },
      edit: (config) => config.setIn(['server', 'forceHeader'], true),
    }),
  );
});

function signed(other: Partial<ForceGrant> = {}, secret = FORCE_HEADER_SECRET): string {
  const now = Date.now();
  const caller = idOf(FACADE_TOKEN);
  return signForce({ path: 'gateway', route: 'leads.get', caller, from: now, until: now + HOUR, ...other }, secret);
}

async function served(headers: [string, string][], target = '/leads/42'): Promise<string> {
  const known: [string, string] = ['authorization', `Bearer ${FACADE_TOKEN}`];
  const res = await fetch(facade.url + target, { headers: new Headers([known, ...headers]) });
  await res.text();
  return `${res.status} ${res.headers.get('x-facade-path')}`;
}
const force = (value: string): [string, string][] => [['x-facade-force', value]];

test('a signed header is heard, and no other; none reaches an upstream or a log', async () => {
  const good = signed();
  expect(await served(force(good))).toBe('200 gateway');
  const before = Date.now() - 2 * HOUR;
  const ignored: [string, string][][] = [
    force('gateway'),
    force(signed({ from: before, until: before + HOUR })),
    force(signed({ from: Date.now() + HOUR })),
    force(signed({ route: 'leads.list' })),
    force(signed({ caller: idOf('another token') })),
    force(signed({}, `${FORCE_HEADER_SECRET}x`)),
    force(good.replace('gateway', 'direct')),
    force(`${good}\u00ff`),
    [...force(good), ...force(good)],
    [],
  ];
  for (const headers of ignored) expect(await served(headers)).toBe('200 direct');
  expect(await served(force(good), '/leads')).toBe('200 direct');
  for (const { headers } of [...direct.received, ...gateway.received]) {
    expect(headers['x-facade-force']).toBeUndefined();
  }
  expect(gateway.received).toHaveLength(1);
  const signatures = ignored.flat().map(([, value]) => /v1=([0-9a-f]+)/.exec(value)?.[1] ?? good);
  const log = facade.logs.join('');
  expect(log).toContain('"reason":"forced by the caller"');
  for (const signature of signatures) expect(log).not.toContain(signature);
});

test('a stranger is not forced anywhere, whatever is signed', async () => {
  const headers = { 'x-facade-force': signed({ caller: undefined }) };
  const res = await fetch(`${facade.url}/leads/42`, { headers });
  expect(res.headers.get('x-facade-path')).toBe('direct');
  expect(gateway.received).toEqual([]);
});

test('explain says whether a header counts, and why it does not', async () => {
  const ask = async (value: string, caller = 'known') => {
    const body = JSON.stringify({ method: 'GET', target: '/leads/42', caller, headers: { 'x-facade-force': value } });
    const headers = { 'content-type': 'application/json', 'x-c2s-admin': '1' };
    const res = await fetch(`${facade.adminUrl}/api/explain`, { method: 'POST', headers, body });
    const { explanation } = (await res.json()) as { explanation: Record<string, unknown> };
    return [explanation['side'], explanation['reason'], explanation['forceIgnored']];
  };
  const any = signed({ caller: undefined });
  expect(await ask(any)).toEqual(['gateway', 'forced by the caller', undefined]);
  expect(await ask('gateway')).toEqual(['direct', 'split', 'not signed']);
  expect(await ask(signed({ until: Date.now() - 1_000 }), idOf(FACADE_TOKEN))).toEqual(['direct', 'split', 'expired']);
  expect(await ask(any, 'unknown')).toEqual(['direct', 'unknown caller', 'of an unknown caller']);
  await facade.edit((config) => config.setIn(['server', 'forceHeader'], false));
  expect(await ask(any)).toEqual(['direct', 'split', 'server.forceHeader is off']);
  expect(await served(force(signed()))).toBe('200 direct');
});
