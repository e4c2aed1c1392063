import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Document } from 'yaml';
import { ParityBook } from '../../src/facade/compare/book.ts';
import { bucketOf } from '../../src/facade/rollout/split.ts';
import { C2S_TOKEN, FACADE_TOKEN, setRoute, startFacade, type TestFacade } from './kit/facade.ts';
import { startRawUpstream, startUpstream, until, type Received, type TestUpstream } from './kit/upstream.ts';

/**
 * Shadows over real sockets: what is copied and what never is, and that nothing which the other side does with a copy
 * reaches the caller.
 */

const lead = (i: number): string => i.toString(16).padStart(32, '0');
const LEAD = lead(1);
const known = { authorization: `Bearer ${FACADE_TOKEN}` };
const isShadow = ({ headers }: Received): boolean => headers['x-facade-shadow'] === 'true';
const shadowed =
  (gateway: number, shadow: number, noise = 0.01) =>
  (config: Document) => {
    setRoute(config, 'leads.get', ['rollout'], { gateway, shadow, stickyBy: 'leadId', fallback: 'direct' });
    config.setIn(['compare', 'noiseShare'], noise);
    config.setIn(['compare', 'minNoise'], 0);
  };

let direct: TestUpstream;
let gateway: TestUpstream;
let facade: TestFacade | undefined;

const answer = ({ url }: Received, res: { end(body: string): void; setHeader(name: string, value: string): void }) => {
  res.setHeader('content-type', 'application/json');
  res.end(JSON.stringify({ data: { id: url.split('/').at(-1), type: 'lead' } }));
};

beforeEach(async () => {
  direct = await startUpstream(answer);
  gateway = await startUpstream(answer);
});

afterEach(async () => {
  await facade?.stop();
  facade = undefined;
  await Promise.all([direct.close(), gateway.close()]);
});

const start = (edit: (config: Document) => void, gatewayUrl = gateway.url) =>
  startFacade({ direct: direct.url, gateway: gatewayUrl, edit }).then((started) => (facade = started));
const read = (path: string, headers: Record<string, string> = known, method = 'GET') =>
  fetch(`${facade!.url}${path}`, { method, headers }).then(async (response) => {
    await response.arrayBuffer();
    return response;
  });
const results = (result: string) => facade!.metric(`facade_shadow_total{route="leads.get",result="${result}"}`);
const total = async () => {
  const each = await Promise.all(['match', 'mismatch', 'ignored', 'noise', 'error'].map(results));
  return each.reduce((sum, one) => sum + one, 0);
};

describe('a safe request of a shadowed route', () => {
  test('is asked of the gateway too, in its dialect, marked as a copy, with the gateway’s credentials', async () => {
    await start(shadowed(0, 100));
    expect((await read(`/integration/leads/${LEAD}`)).headers.get('x-facade-path')).toBe('direct');
    await until(() => gateway.received.length === 1, 'one shadow');
    const [copy] = gateway.received as [Received];
    expect(copy.url).toBe(`/leads/${LEAD}`);
    expect(isShadow(copy)).toBe(true);
    expect(copy.headers.authorization).toBeUndefined();
    await until(async () => (await results('match')) === 1, 'a match');
  });

  test('that the gateway serves is asked of direct, with the token that direct wants', async () => {
    await start(shadowed(100, 100));
    expect((await read(`/leads/${LEAD}`)).headers.get('x-facade-path')).toBe('gateway');
    await until(() => direct.received.length === 1, 'one shadow');
    expect(direct.received[0]?.url).toBe(`/integration/leads/${LEAD}`);
    expect(direct.received[0]?.headers.authorization).toBe(`Bearer ${C2S_TOKEN}`);
  });

  test('is copied for a share of the leads, and for a lead always or never', async () => {
    await start(shadowed(0, 30));
    const ids = Array.from({ length: 100 }, (_, i) => lead(i));
    const chosen = ids.filter((id) => bucketOf(id) >= 7_000);
    for (const _ of [1, 2]) for (const id of ids) await read(`/integration/leads/${id}`);
    await until(async () => (await total()) === 2 * chosen.length, 'each is counted');
    expect(chosen.length).toBeGreaterThan(15);
    expect(gateway.received.map(({ url }) => url.split('/').at(-1)).sort()).toEqual([...chosen, ...chosen].sort());
  });

  test('is now and then asked of direct a second time, to learn what differs by itself', async () => {
    await start(shadowed(0, 100, 0.5));
    for (let i = 0; i < 10; i++) await read(`/integration/leads/${LEAD}`);
    await until(async () => (await total()) === 10, 'ten shadows');
    expect(direct.received.filter(isShadow)).toHaveLength(5);
    expect(gateway.received).toHaveLength(5);
    expect(await results('noise')).toBe(5);
  });
});

describe('never copied', () => {
  const nothingCopied = async (): Promise<void> => {
    // One that is copied comes after them: whatever was to be copied before it has been by then.
    await read(`/integration/leads/${LEAD}`);
    await until(() => gateway.received.length + direct.received.filter(isShadow).length > 0, 'the last one is copied');
    expect([...gateway.received, ...direct.received].filter(isShadow)).toHaveLength(1);
  };

  test('are requests of callers that the facade does not know', async () => {
    await start(shadowed(0, 100));
    await read(`/integration/leads/${LEAD}`, {});
    await read(`/integration/leads/${LEAD}`, { authorization: 'Bearer somebody-else-entirely' });
    await nothingCopied();
  });

  test('are HEAD, conditional requests, and ids that the gateway would paste into another path', async () => {
    await start(shadowed(0, 100));
    await read(`/integration/leads/${LEAD}`, known, 'HEAD');
    await read(`/integration/leads/${LEAD}`, { ...known, 'if-none-match': '"x"' });
    await read(`/integration/leads/${LEAD}`, { ...known, range: 'bytes=0-1' });
    await read('/integration/leads/a%2Fb');
    await nothingCopied();
  });

  test('is anything while the kill switch is on', async () => {
    await start(shadowed(0, 100));
    facade!.dataPlane.killed = true;
    await read(`/integration/leads/${LEAD}`);
    facade!.dataPlane.killed = false;
    await nothingCopied();
  });

  test('are writes: such a table is refused', async () => {
    const edit = (config: Document) => setRoute(config, 'leads.messages.create', ['rollout', 'shadow'], 1);
    await expect(start(edit)).rejects.toThrow(/only routes that are safe can be shadowed/);
  });
});

/** Asks `n` times, one after another; every answer must be direct's, whole and quick. */
async function untouched(n: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    const began = performance.now();
    const response = await fetch(`${facade!.url}/integration/leads/${lead(i)}`, { headers: known });
    expect(await response.json()).toEqual({ data: { id: lead(i), type: 'lead' } });
    expect(response.headers.get('x-facade-path')).toBe('direct');
    expect(performance.now() - began).toBeLessThan(1_000);
  }
}

describe('whatever the other side does with a copy, the answer stays as it is', () => {
  test('it never answers: a few wait, the rest is dropped, and each is given up at its deadline', async () => {
    const mute = await startRawUpstream((socket) => void socket.resume());
    await start((config) => {
      shadowed(0, 100)(config);
      config.setIn(['compare', 'deadline'], '300ms');
      config.setIn(['compare', 'maxInflight'], 2);
      config.setIn(['compare', 'maxQueue'], 3);
    }, mute.url);
    await untouched(60);
    expect(mute.connections()).toBeLessThanOrEqual(4);
    await until(async () => (await total()) === 60, 'each is counted');
    expect(await results('error')).toBeGreaterThan(40);
    expect(await results('mismatch')).toBeGreaterThan(1);
    await mute.close();
  });

  test('nor does a defect of the comparison itself: it is counted, and logged with its place in the code', async () => {
    await start(shadowed(0, 100));
    const broken = vi.spyOn(ParityBook.prototype, 'wantsFacts').mockImplementation(() => {
      throw new Error('a defect for the test');
    });
    try {
      await untouched(8);
      await until(async () => (await results('error')) === 8, 'each is counted');
    } finally {
      broken.mockRestore();
    }
    const said = facade!.logs.filter((line) => line.includes('a comparison failed'));
    expect(said.length).toBeLessThan(8);
    expect(said[0]).toMatch(/"level":50.*"err":{"type":"Error","at":"at .*\.ts:\d+/);
    const report = await fetch(`${facade!.adminUrl}/api/parity/leads.get`);
    expect(await report.json()).toMatchObject({ errors: { defect: 8 } });
    await untouched(1);
    await until(async () => (await results('match')) === 1, 'the next one is compared');
  });

  test('it resets, talks nonsense, or closes in the middle', async () => {
    const endings = ['reset', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort', 'nonsense\r\n\r\n', 'HTTP/9'];
    let n = 0;
    const liar = await startRawUpstream((socket) => {
      const ending = endings[n++ % endings.length] as string;
      socket.on('data', () => (ending === 'reset' ? socket.resetAndDestroy() : socket.end(ending)));
    });
    await start(shadowed(0, 100), liar.url);
    await untouched(40);
    await until(async () => (await total()) === 40, 'each is counted');
    expect(await results('match')).toBe(0);
    await liar.close();
  });

  const JSON_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
  test.each([
    ['sends 100 MiB', `${JSON_HEAD}content-length: 104857600\r\n\r\n`, 'x'.repeat(64 * 1024)],
    [
      'floods with a body that never ends',
      `${JSON_HEAD}transfer-encoding: chunked\r\n\r\n`,
      `8000\r\n${'x'.repeat(0x8000)}\r\n`,
    ],
    ['floods with headers', 'HTTP/1.1 200 OK\r\n', `x-${'y'.repeat(1_000)}: z\r\n`.repeat(32)],
  ])('it %s: what is not compared is not read', async (_, head, more) => {
    let written = 0;
    const chunk = Buffer.from(more);
    const flood = await startRawUpstream((socket) => {
      socket.once('data', () => {
        socket.write(head);
        const pour = (): void => {
          while (!socket.destroyed && socket.write(chunk)) written += chunk.length;
        };
        socket.on('drain', pour);
        pour();
      });
    });
    await start(shadowed(0, 100), flood.url);
    await untouched(20);
    await until(async () => (await total()) === 20, 'each is counted');
    expect(await results('match')).toBe(0);
    // A MiB is compared; what the sockets hold comes on top.
    expect(written / 20).toBeLessThan(8 * 1024 * 1024);
    await flood.close();
  });

  test('it hangs while the facade is told to stop: nobody waits for a shadow', async () => {
    const mute = await startRawUpstream((socket) => void socket.resume());
    await start(shadowed(0, 100), mute.url);
    await untouched(5);
    const began = performance.now();
    expect(await facade!.stop()).toBe(true);
    expect(performance.now() - began).toBeLessThan(2_000);
    facade = undefined;
    await mute.close();
  });
});

describe('what callers get and no shadow has compared', () => {
  const unseen = async (): Promise<readonly string[]> => {
    const report = await fetch(`${facade!.adminUrl}/api/parity/leads.get`, { headers: { 'x-c2s-admin': 'test' } });
    return ((await report.json()) as { coverage: { unseen: string[] } }).coverage.unseen;
  };

  test('holds the verdict back: a shape of document that only leads without a shadow have, and a status', async () => {
    const isShadowed = (id: string) => bucketOf(id) >= 7_000;
    const ids = Array.from({ length: 64 }, (_, i) => lead(i));
    await direct.close();
    direct = await startUpstream(({ url }, res) => {
      const id = url.split('/').at(-1) as string;
      const status = ids.indexOf(id) >= 48 && !isShadowed(id) ? 404 : 200;
      res.writeHead(status, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ data: { id, type: 'lead', seller: isShadowed(id) ? 'a' : null } }));
    });
    await start(shadowed(0, 30));
    // One in sixteen is looked at, and of a route one a second: neither must be waited for in a test.
    const others = ids.filter((id) => !isShadowed(id));
    await until(async () => {
      for (const id of others) await read(`/integration/leads/${id}`);
      return (await unseen()).includes('shape /data/seller null');
    }, 'the shape is seen');
    await until(async () => {
      for (const id of others.slice(-8)) await read(`/integration/leads/${id}`);
      return (await unseen()).includes('status 404');
    }, 'the status is seen');
    expect(direct.received.filter(isShadow)).toHaveLength(0);
    expect(gateway.received).toHaveLength(0);
  });
});

describe('a shadow is taken out of what is spare', () => {
  test('of the rate budget: half of it is left to live traffic', async () => {
    await start((config) => {
      shadowed(0, 100)(config);
      config.setIn(['upstreams', 'direct', 'rateBudget'], { requests: 20, period: '1m', longestWait: '0s' });
    });
    for (let i = 0; i < 13; i++) {
      expect((await read(`/integration/leads/${lead(i)}`)).status).toBe(200);
      await until(async () => (await total()) === i + 1, 'counted');
    }
    expect(gateway.received.length).toBeLessThanOrEqual(7);
    expect(await results('error')).toBeGreaterThanOrEqual(6);
  });

  test('of an upstream whose breaker is closed: one that rests is left alone', async () => {
    await start(shadowed(0, 100));
    facade!.dataPlane.snapshot.entries
      .find(({ model }) => model.id === 'leads.get')
      ?.state.breaker('gateway')
      ?.open();
    await read(`/integration/leads/${LEAD}`);
    await until(async () => (await results('error')) === 1, 'not run');
    expect(gateway.received).toHaveLength(0);
  });
});
