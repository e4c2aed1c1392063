import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SEED_LEAD_IDS, startContact2Sale, type SandboxContact2Sale } from '../../../src/c2s/sandbox/index.ts';
import { LIES, type Lie } from './lies.ts';
import { startLyingGateway, type LyingGateway } from './lying-gateway.ts';

const TOKEN = 'token';
let crm: SandboxContact2Sale;
let liar: LyingGateway;
beforeAll(async () => {
  crm = await startContact2Sale({ token: TOKEN });
  liar = await startLyingGateway({ target: crm.url, now: () => 0 });
});
afterAll(async () => {
  await liar.close();
  await crm.close();
});
beforeEach(() => liar.lies.clear());

const [LEAD] = SEED_LEAD_IDS;
const LEADS = '/integration/leads';

async function told(base: string, path: string, init: RequestInit = {}) {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const response = await fetch(base + path, { headers, ...init });
  return { status: response.status, body: (await response.json()) as Record<string, never> };
}

/** What changes when it lies: the truth, and what it says. */
async function both(path: string, ...lies: Lie[]) {
  for (const lie of lies) liar.lies.add(lie);
  return [await told(crm.url, path), await told(liar.url, path)] as const;
}

describe('a lying gateway', () => {
  it('tells the truth until it is asked to lie, errors included', async () => {
    const [truth, lie] = await both(LEADS);
    expect(lie).toEqual(truth);
    const [gone, lieAboutIt] = await both(`${LEADS}/0`, ...LIES);
    expect(lieAboutIt).toEqual(gone);
    expect(gone.status).toBe(404);
  });

  it.each([
    'dropped_field',
    'renamed_field',
    'null_for_empty',
    'number_as_string',
    'reordered_list',
    'wrong_page_size',
    'timestamp_noise',
  ] as const)('can tell %s, and nothing else', async (lie) => {
    const [truth, said] = await both(LEADS, lie);
    expect(said.status).toBe(200);
    expect(said.body).not.toEqual(truth.body);
    liar.lies.clear();
    expect((await told(liar.url, LEADS)).body).toEqual(truth.body);
  });

  it('can tell wrong_status', async () => {
    const [truth, said] = await both(LEADS, 'wrong_status');
    expect(said).toEqual({ status: 202, body: truth.body });
  });

  it('can tell stale_data: what it said first, it says ever after', async () => {
    const path = `${LEADS}/${LEAD}`;
    const [first] = await both(path, 'stale_data');
    await told(crm.url, path, { method: 'PATCH', body: '{"customer":"Outro Nome"}' });
    const [truth, said] = await both(path);
    expect(said.body).toEqual(first.body);
    expect(said.body).not.toEqual(truth.body);
  });

  it('can lose the text of a message, and answer as if nothing were', async () => {
    const received: string[] = [];
    const { createServer } = await import('node:http');
    const target = createServer((req, res) => {
      req.on('data', (chunk: Buffer) => received.push(chunk.toString()));
      req.on('end', () => res.end('{"ok":true}'));
    });
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    const { port } = target.address() as { port: number };
    const gateway = await startLyingGateway({ target: `http://127.0.0.1:${port}`, lies: ['message_body_lost'] });
    const init = { method: 'POST', body: '{"message":"Bom dia","type":"note"}' };
    expect((await told(gateway.url, '/leads/1/messages', init)).status).toBe(200);
    expect(received.map((body) => JSON.parse(body) as unknown)).toEqual([{ message: '-', type: 'note' }]);
    await gateway.close();
    target.close();
    target.closeAllConnections();
  });
});
