import { afterEach, describe, expect, test } from 'vitest';
import type { Document } from 'yaml';
import { startDyingGateway, type Death } from './kit/dying-gateway.ts';
import { FACADE_TOKEN, setRoute, startFacade } from './kit/facade.ts';
import { inBatches, Opened, tally } from './kit/load.ts';
import { refusedUrl, startRawUpstream, startUpstream } from './kit/upstream.ts';

/**
 * The promise that matters most: a write that the gateway may have received is never sent a second time (pains P1 and
 * P2 of retrying middlewares: double payments, doubled messages). The breaker of the route is off, or it would keep
 * requests from the dying gateway; asked in the gateway's dialect, so that nothing is translated.
 */

const opened = new Opened();
afterEach(opened.closeAll);

const TIMES = 150;
const WIDTH = 150;
const headers = { authorization: `Bearer ${FACADE_TOKEN}`, 'content-type': 'application/json' };
/** Long enough that a busy machine does not reach it by itself. */
const DEADLINE = '1s';

function table(death: Death | undefined, edit: (config: Document) => void = () => undefined) {
  return (config: Document): void => {
    config.setIn(['upstreams', 'gateway', 'maxInflight'], WIDTH);
    config.setIn(['upstreams', 'direct', 'maxInflight'], WIDTH);
    config.setIn(['failover'], { budget: 1, minPerSecond: 1_000 });
    for (const id of ['leads.tags.add', 'leads.get']) {
      setRoute(config, id, ['rollout', 'gateway'], 100);
      setRoute(config, id, ['breaker'], { enabled: false });
      if (death === 'silence') setRoute(config, id, ['deadlines'], { firstByte: DEADLINE });
    }
    edit(config);
  };
}

async function start(gateway: { url: string; death?: Death }, edit?: (config: Document) => void) {
  const direct = opened.keep(await startUpstream((_, res) => res.writeHead(200).end('{"from":"direct"}')));
  const facade = opened.keep(
    await startFacade({ direct: direct.url, gateway: gateway.url, edit: table(gateway.death, edit) }),
  );
  /** What a caller sees: status, `x-facade-outcome`, and whether the answer was whole. */
  const call = async (method: string, i: number): Promise<string> => {
    const isWrite = method === 'POST';
    const body = isWrite ? `{"tag_id":"${i}"}` : null;
    const res = await fetch(`${facade.url}/leads/${i}${isWrite ? '/tags' : ''}`, { method, headers, body });
    const whole = await res.text().then(
      () => 'whole',
      () => 'cut',
    );
    return [res.status, res.headers.get('x-facade-path'), res.headers.get('x-facade-outcome') ?? '-', whole].join(' ');
  };
  return { direct, facade, call };
}

const SEEN: Record<Death, string> = {
  'before headers': '502 gateway unknown whole',
  'mid-headers': '502 gateway unknown whole',
  'mid-body': '200 gateway - cut',
  'mid-body of an error': '502 gateway unknown whole',
  silence: '504 gateway unknown whole',
};
const DEATHS = Object.keys(SEEN) as Death[];

describe('a POST that the gateway received is never sent a second time', () => {
  test.each(DEATHS)(`when it dies: %s, ${TIMES} times`, async (death) => {
    const gateway = opened.keep(await startDyingGateway(death));
    const { direct, facade, call } = await start(gateway);
    const seen = await inBatches(TIMES, WIDTH, (i) => call('POST', i));
    expect(tally(seen)).toEqual({ [SEEN[death]]: TIMES });
    expect(gateway.arrived).toHaveLength(TIMES);
    expect(new Set(gateway.arrived).size).toBe(TIMES);
    expect(direct.received.filter(({ method }) => method !== 'GET')).toHaveLength(0); // some are looked for there
    expect(await facade.metric(/^facade_failovers_total\{/)).toBe(0);
    expect(await facade.metric(/^facade_attempts_total\{route="leads.tags.add",path="gateway",outcome="upstream/)).toBe(
      TIMES,
    );
  });

  test('when it dies on a kept connection, just as that is used again', async () => {
    const gateway = opened.keep(await startDyingGateway('before headers', 1));
    const { direct, call } = await start(gateway);
    const times = 300;
    const seen = await inBatches(times, 20, (i) => call('POST', i));
    const counts = tally(seen);
    expect(Object.keys(counts).toSorted()).toEqual(['200 gateway - whole', '502 gateway unknown whole']);
    expect(counts['502 gateway unknown whole']).toBeGreaterThan(times / 3);
    expect(gateway.arrived).toHaveLength(times);
    expect(new Set(gateway.arrived).size).toBe(times);
    // Of what the gateway took some is read back.
    expect(direct.received.filter(({ method }) => method !== 'GET')).toHaveLength(0);
  });

  test('when direct itself dies: a write is not repeated there either', async () => {
    const dying = opened.keep(await startDyingGateway('before headers'));
    const facade = opened.keep(
      await startFacade({
        direct: dying.url,
        edit: table(undefined, (config) => setRoute(config, 'leads.tags.add', ['rollout', 'gateway'], 0)),
      }),
    );
    const seen = await inBatches(100, 50, async (i) => {
      const url = `${facade.url}/integration/leads/${i}/create_tag`;
      const res = await fetch(url, { method: 'POST', headers, body: '{"tag_id":"1"}' });
      return `${res.status} ${res.headers.get('x-facade-outcome')}`;
    });
    expect(tally(seen)).toEqual({ '502 unknown': 100 });
    expect(dying.arrived).toHaveLength(100);
  });
});

test('a POST that was refused before it was sent is answered by direct, once, with its body', async () => {
  const refusals = 300;
  const { direct, call } = await start({ url: await refusedUrl() });
  const seen = await inBatches(refusals, WIDTH, (i) => call('POST', i));
  expect(tally(seen)).toEqual({ '200 direct - whole': refusals });
  expect(direct.received).toHaveLength(refusals);
  expect(new Set(direct.received.map(({ url, body }) => url + body)).size).toBe(refusals);
  const [first] = direct.received;
  expect(first?.url).toBe(
    `/integration/leads/${(JSON.parse(first?.body ?? '') as { tag_id: string }).tag_id}/create_tag`,
  );
});

describe('a POST of a route that says safety: idempotent is sent again, to direct', () => {
  const idempotent = (config: Document): void => setRoute(config, 'leads.tags.add', ['safety'], 'idempotent');
  test.each(['before headers', 'mid-headers', 'mid-body of an error', 'silence'] as const)('%s', async (death) => {
    const gateway = opened.keep(await startDyingGateway(death));
    const { direct, call } = await start(gateway, idempotent);
    const seen = await inBatches(100, 100, (i) => call('POST', i));
    expect(tally(seen)).toEqual({ '200 direct - whole': 100 });
    expect([gateway.arrived.length, direct.received.length]).toEqual([100, 100]);
    expect(new Set(direct.received.map(({ body }) => body)).size).toBe(100);
  });

  test('but never once a byte of an answer went to the caller', async () => {
    const gateway = opened.keep(await startDyingGateway('mid-body'));
    const { direct, call } = await start(gateway, idempotent);
    expect(await call('POST', 1)).toBe('200 gateway - cut');
    expect(direct.received).toHaveLength(0);
  });

  test('and where direct cannot be asked, nobody is told that nothing was sent', async () => {
    const gateway = opened.keep(await startDyingGateway('before headers'));
    const { direct, facade, call } = await start(gateway, idempotent);
    await direct.close();
    expect(await call('POST', 1)).toBe('502 direct unknown whole');
    const body = '{"tag_id":"1"}';
    const res = await fetch(`${facade.url}/leads/1/tags`, { method: 'POST', headers, body });
    const { detail } = (await res.json()) as { detail: string };
    expect(detail).toMatch(/may have received.*not known/);
    expect(detail).not.toMatch(/Nothing was sent|may be repeated/);
  });
});

describe('a GET that the gateway did not answer is answered by direct', () => {
  test.each(['before headers', 'mid-headers', 'mid-body of an error', 'silence'] as const)('%s', async (death) => {
    const gateway = opened.keep(await startDyingGateway(death));
    const { direct, facade, call } = await start(gateway);
    const seen = await inBatches(100, 100, (i) => call('GET', i));
    expect(tally(seen)).toEqual({ '200 direct - whole': 100 });
    expect([gateway.arrived.length, direct.received.length]).toEqual([100, 100]);
    expect(await facade.metric(/^facade_failovers_total\{route="leads.get"/)).toBe(100);
  });

  test('but never once a byte of an answer went to the caller', async () => {
    const gateway = opened.keep(await startDyingGateway('mid-body'));
    const { direct, call } = await start(gateway);
    expect(await call('GET', 1)).toBe('200 gateway - cut');
    expect(direct.received).toHaveLength(0);
  });
});

test('a GET that met a kept connection just as it closed is sent once more, where there is only direct (pain P32)', async () => {
  // The first connection answers once and then dies; those after it are well.
  let [connections, requests] = [0, 0];
  const direct = opened.keep(
    await startRawUpstream((socket) => {
      let answers = ++connections === 1 ? 1 : Infinity;
      socket.on('data', () => {
        requests++;
        if (answers-- > 0) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
        else socket.resetAndDestroy();
      });
    }),
  );
  const facade = opened.keep(await startFacade({ direct: direct.url, edit: table(undefined) }));
  const read = async () => {
    const res = await fetch(`${facade.url}/integration/leads/42`, { headers });
    await res.text();
    return res.status;
  };
  expect(await inBatches(5, 1, read)).toEqual([200, 200, 200, 200, 200]);
  expect(requests).toBe(6);
  expect(
    await facade.metric(/^facade_attempts_total\{route="leads.get",path="direct",outcome="upstream_respond"/),
  ).toBe(1);
});

test('a write that direct answered with 5xx is answered with just that, and was asked once (pain P3)', async () => {
  const body = '{"errors":["base de dados fora do ar"],"id":12345678901234567890}';
  const direct = opened.keep(
    await startUpstream((_, res) => res.writeHead(503, { 'content-type': 'application/json; charset=x' }).end(body)),
  );
  const facade = opened.keep(await startFacade({ direct: direct.url, edit: table(undefined) }));
  const url = `${facade.url}/integration/leads/42/create_tag`;
  const res = await fetch(url, { method: 'POST', headers, body: '{"tag_id":"1"}' });
  expect([res.status, await res.text()]).toEqual([503, body]);
  expect(res.headers.get('content-type')).toBe('application/json; charset=x');
  expect(direct.received).toHaveLength(1);
});

describe('fallback: none answers the failure', () => {
  const retired = (config: Document): void => {
    for (const id of ['leads.tags.add', 'leads.get']) setRoute(config, id, ['rollout', 'fallback'], 'none');
  };
  test.each([
    ['before headers', '502 gateway upstream_respond whole'],
    ['mid-headers', '502 gateway upstream_respond whole'],
    ['silence', '504 gateway upstream_respond_timeout whole'],
  ] as const)('of a GET: %s', async (death, expected) => {
    const gateway = opened.keep(await startDyingGateway(death));
    const { direct, call } = await start(gateway, retired);
    expect(await call('GET', 1)).toBe(expected);
    expect(direct.received).toHaveLength(0);
  });

  test('of what was never sent, reads and writes alike', async () => {
    const { direct, call } = await start({ url: await refusedUrl() }, retired);
    expect(await call('GET', 1)).toBe('502 gateway upstream_connect whole');
    expect(await call('POST', 1)).toBe('502 gateway upstream_connect whole');
    expect(direct.received).toHaveLength(0);
  });
});
