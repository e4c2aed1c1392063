import { createFacade } from 'c2s-facade';
import { check, say, serve, until } from '../kit.ts';
import { SHOPS } from './pair.ts';
import { startNewShop, startOldShop } from './shops.ts';

const OLD_KEY = 'the-key-of-the-old-shop';
const NEW_TOKEN = 'the-token-of-the-new-shop';
const ADMIN_TOKEN = 'a-token-for-operators';

const [oldShop, newShop] = [await startOldShop(OLD_KEY), await startNewShop(NEW_TOKEN)];
const facade = await createFacade({
  pair: SHOPS,
  config: {
    upstreams: { direct: { url: '${OLD_SHOP_URL}' }, gateway: { url: '${NEW_SHOP_URL}' } },
    compare: { minSamples: 20, minNoise: 0, ready: { parity: 0.8 } },
    routes: [
      {
        id: 'customers.get',
        direct: 'GET /api/v1/customers/:customerId',
        gateway: 'GET /v2/customer/:customerId',
        rollout: { gateway: 0, shadow: 100, stickyBy: 'customerId', fallback: 'direct' },
        compare: { ignore: ['$.revision'] },
      },
      {
        id: 'customers.create',
        direct: 'POST /api/v1/customers',
        gateway: 'POST /v2/customer',
        rollout: { gateway: 0, stickyBy: 'caller', fallback: 'direct' },
        success: { direct: 201, gateway: 200 },
        body: {
          fields: { name: { direct: 'full_name', type: 'string', required: true }, city: { type: 'string' } },
        },
      },
    ],
  },
  environment: {
    OLD_SHOP_URL: oldShop.url,
    OLD_SHOP_KEY: OLD_KEY,
    NEW_SHOP_URL: newShop.url,
    NEW_SHOP_TOKEN: NEW_TOKEN,
    ADMIN_TOKEN,
  },
});
const [callers, operators] = [await serve(facade.handle), await serve(facade.admin)];

/** A program that has talked to the old shop for years: its paths, its fields, its key. */
async function ask(method: string, path: string, body?: object): Promise<string> {
  const headers = { 'x-shop-key': OLD_KEY, 'content-type': 'application/json' };
  const res = await fetch(callers.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return `${res.status} ${await res.text()} (${res.headers.get('x-facade-path')})`;
}

const operator = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };
async function flip(set: object): Promise<void> {
  const changes = ['customers.get', 'customers.create'].map((route) => ({ route, set }));
  const body = JSON.stringify({ changes, who: 'ana', why: 'the example' });
  const res = await fetch(`${operators.url}/api/flips`, { method: 'POST', headers: operator, body });
  check(res.ok, `the flip is taken: ${res.status}`);
}
async function verdict(): Promise<string> {
  const res = await fetch(`${operators.url}/api/parity/customers.get`, { headers: operator });
  return ((await res.json()) as { verdict: { kind: string } }).verdict.kind;
}
function tell(line: string, told: string, expected: string): void {
  say(`${line}: ${told}`);
  check(told.startsWith(expected), `${line}: ${expected}`);
}

tell('before', await ask('GET', '/api/v1/customers/7'), '200 {"id":"7","revision":"old-1"');
// A busy machine drops shadows, so it may take some reads more.
async function isReady(): Promise<boolean> {
  for (let i = 0; i < 20; i++) await ask('GET', `/api/v1/customers/${7 + (i % 2)}`);
  return (await verdict()) === 'ready';
}
await until(isReady, 'the answers agree but for the revision');
say('compared: ready');

await flip({ gateway: 100, shadow: 0 });
tell('flipped', await ask('GET', '/api/v1/customers/7'), '200 {"id":"7","revision":"new-1"');
tell('a write', await ask('POST', '/api/v1/customers', { full_name: 'Caio' }), '201 {"id":"9"');
check(newShop.received.includes('POST /v2/customer'), 'the new shop got it under its own path and names');
tell('an error', await ask('GET', '/api/v1/customers/0'), '404 {"code":"NOT_FOUND"');
tell(
  'a field that only the old shop has',
  await ask('POST', '/api/v1/customers', { full_name: 'Davi', nick: 'D' }),
  '201 {"id":"9","revision":"old-1"',
);

await newShop.close();
tell('the new shop is gone', await ask('GET', '/api/v1/customers/7'), '200 {"id":"7","revision":"old-1"');
tell('a write, too', await ask('POST', '/api/v1/customers', { full_name: 'Eva' }), '201 {"id":"9","revision":"old-1"');
await flip({ gateway: 0 });
tell('taken back', await ask('GET', '/api/v1/customers/7'), '200 {"id":"7","revision":"old-1"');

await Promise.all([callers.close(), operators.close()]);
await facade.close();
await oldShop.close();
