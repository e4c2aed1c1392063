import { createServer, type RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  createFacadeClient,
  readOf,
  searchIn,
  idOf,
  writeOf,
  type FacadeAnswer,
} from '../../../../src/c2s/enrichment/facade-client.ts';
import { localAgent } from '../../../../src/c2s/enrichment/local-connection.ts';
import { isUnknownWrite } from '../../../../src/facade/forward/refusals.ts';
import { decisionOf, OUTCOMES, type Outcome } from '../../../../src/facade/rollout/outcome.ts';

const answer = (status: number, more: Partial<FacadeAnswer> = {}): FacadeAnswer => ({
  status,
  outcome: undefined,
  retryAfter: undefined,
  body: undefined,
  ...more,
});

describe('what a write came to', () => {
  const judge = (given: FacadeAnswer | undefined) => writeOf(given, idOf);

  it.each([
    [{ data: { id: 'a1' } }, 'a1'],
    [{ id: 7 }, '7'],
    [{ lead_id: 'b' }, 'b'],
    [{ id: 7, error: null, errors: [], success: true }, '7'],
  ])('is done, and of %j the id is %s', (body, id) => {
    expect(judge(answer(201, { body }))).toEqual({ kind: 'done', found: id });
  });

  it.each([
    ['HTML or nothing', 200, undefined],
    ['no content', 204, undefined],
    ['an empty object', 201, {}],
    ['a text', 200, 'ok'],
    ['an error', 200, { error: 'no such lead', id: 7 }],
    ['errors', 200, { errors: [{ title: 'x' }], data: { id: 'a1' } }],
    ['no success', 200, { success: false, id: 7 }],
  ])('is unknown for a success without proof: %s', (_what, status, body) => {
    expect(judge(answer(status, { body }))).toEqual({ kind: 'unknown' });
  });

  it.each([400, 404, 409, 413, 422])('is refused for %d', (status) => {
    expect(judge(answer(status))).toEqual({ kind: 'refused', status });
  });

  it.each([401, 403, 429])('is put off for %d, which somebody may put right', (status) => {
    expect(judge(answer(status, { retryAfter: 3_000 }))).toEqual({ kind: 'put_off', retryAfter: 3_000 });
  });

  it.each([302, 408, 500, 502, 503, 504])('is unknown for %d without a word of the facade', (status) => {
    expect(judge(answer(status))).toEqual({ kind: 'unknown' });
  });

  it('is unknown without an answer', () => {
    expect(judge(undefined)).toEqual({ kind: 'unknown' });
  });

  it.each(Object.keys(OUTCOMES) as Outcome[])('is unsent for %s only if nothing of it was received', (outcome) => {
    const { delivery, party, status } = decisionOf(outcome);
    const answered = status || 503;
    const header = isUnknownWrite(outcome, false) ? 'unknown' : outcome;
    const { kind } = judge(answer(answered, { outcome: header }));
    // What is wrong with the request itself stays wrong; a token can be put right.
    const isUnsent = delivery === 'unsent' && party !== 'client';
    expect(kind === 'unsent').toBe(isUnsent);
    if (delivery === 'unsent' && status === 401) expect(kind).toBe('put_off');
  });
});

describe('what a read came to', () => {
  it('is found, missing or failed', () => {
    expect(readOf(answer(200, { body: { data: {} } }))).toEqual({ kind: 'found', body: { data: {} } });
    expect(readOf(answer(404))).toEqual({ kind: 'missing' });
    // Of a proxy in front of the CRM, which says nothing of the lead.
    expect(readOf(answer(404, { isPage: true }))).toMatchObject({ kind: 'failed' });
    expect(readOf(answer(503, { retryAfter: 1_000 }))).toEqual({ kind: 'failed', retryAfter: 1_000 });
    expect(readOf(answer(200))).toMatchObject({ kind: 'failed' });
    expect(readOf(undefined)).toMatchObject({ kind: 'failed' });
  });
});

describe('the search for a lead of ours', () => {
  const lead = (id: string, description: unknown) => ({ id, attributes: { description } });

  it('goes by the line in its description', () => {
    const body = { data: [lead('a', 'something'), lead('b', 'x\nLead Google Ads: 1')] };
    expect(searchIn(body, 'Lead Google Ads: 1')).toEqual({ kind: 'found', leadId: 'b' });
    expect(searchIn(body, 'Lead Google Ads: 2')).toEqual({ kind: 'absent' });
  });

  it('cannot tell where descriptions are not shown', () => {
    expect(searchIn({ data: [lead('a', undefined)] }, 'line')).toEqual({ kind: 'cannot-tell' });
    expect(searchIn('text', 'line')).toEqual({ kind: 'cannot-tell' });
  });
});

describe('the way through the facade', () => {
  const ask = (handle: RequestListener, deadline = 2_000) =>
    createFacadeClient({ agent: localAgent(createServer(handle), 4), token: 'token-of-ours', deadlineMs: deadline });

  it('needs no port, and carries the token, the body and the id', async () => {
    const seen: unknown[] = [];
    const client = ask((req, res) => {
      let body = '';
      req.on('data', (chunk: Buffer) => (body += chunk.toString()));
      req.on('end', () => {
        seen.push([req.method, req.url, req.headers.authorization, req.headers['x-request-id'], body]);
        res.writeHead(201, { 'content-type': 'application/json' }).end('{"data":{"id":"m1"}}');
      });
    });
    const leads = ['a', 'b', 'c', 'd', 'e', 'f'];
    const sent = await Promise.all(leads.map((id) => client.createMessage(id, 'Olá', `r-${id}`)));
    expect(sent).toEqual(leads.map(() => ({ kind: 'done', found: 'm1' })));
    const path = '/integration/leads/a/create_message';
    expect(seen[0]).toEqual(['POST', path, 'Bearer token-of-ours', 'r-a', '{"body":"Olá"}']);
  });

  it('says unknown when the connection is cut, and when nothing comes in time', async () => {
    const cut = ask((req) => req.socket.destroy());
    expect(await cut.createMessage('a', 'x', 'r')).toEqual({ kind: 'unknown' });
    const silent = ask(() => undefined, 50);
    expect(await silent.createMessage('a', 'x', 'r')).toEqual({ kind: 'unknown' });
    expect(await silent.readLead('a', 'r')).toMatchObject({ kind: 'failed' });
  });

  it('says unknown when the answer to a write is cut in the middle', async () => {
    const client = ask((_req, res) => {
      res.writeHead(201, { 'content-length': '100' });
      res.write('{"da', () => res.destroy());
    });
    expect(await client.createMessage('a', 'x', 'r')).toEqual({ kind: 'unknown' });
  });
});
