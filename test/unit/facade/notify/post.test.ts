import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Poster } from '../../../../src/facade/notify/post.ts';
import { startHook, NOTIFY_SECRET, type Hook } from '../../../e2e/kit/hook.ts';
import { refusedUrl, startRawUpstream, type TestUpstream } from '../../../e2e/kit/upstream.ts';

let hook: Hook;
let poster: Poster;
beforeEach(async () => {
  hook = await startHook();
  poster = new Poster();
});
afterEach(async () => {
  await poster.close();
  await hook.close();
});
const to = (url: string, secret: string | undefined = NOTIFY_SECRET) =>
  ({ name: 'notify[0]', key: 'a', url, events: [], secret }) as const;

describe('a post', () => {
  test.each([
    [200, 'delivered'],
    [204, 'delivered'],
    [301, 'refused'],
    [302, 'refused'],
    [307, 'refused'],
    [400, 'refused'],
    [401, 'refused'],
    [404, 'refused'],
    [410, 'refused'],
    [408, 'retry'],
    [425, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
  ])('that is answered %d is %s; a redirect is not followed', async (status, kind) => {
    hook.answer = (res) => res.writeHead(status, { location: `${hook.url}/elsewhere` }).end('x'.repeat(100_000));
    expect(await poster.post(to(hook.url), '{}')).toMatchObject({ kind, answer: String(status) });
    expect([hook.count(), hook.forged()]).toEqual([1, 0]);
  });

  test('tells when the target may be asked again', async () => {
    hook.answer = (res) => res.writeHead(429, { 'retry-after': '7' }).end();
    expect(await poster.post(to(hook.url), '{}')).toMatchObject({ kind: 'retry', retryAfterMs: 7_000 });
  });

  test('may succeed later where nobody listens, or where the connection breaks', async () => {
    expect(await poster.post(to(await refusedUrl()), '{}')).toEqual({ kind: 'retry', answer: 'ECONNREFUSED' });
    hook.answer = (res) => res.destroy();
    expect(await poster.post(to(hook.url), '{}')).toMatchObject({ kind: 'retry' });
  });

  test('waits for no target that hangs, before the answer or in it, and keeps none of another on the same host', async () => {
    const hung: Omit<TestUpstream, 'received'> = await startRawUpstream(() => undefined);
    expect(await poster.post(to(hung.url), '{}', 200)).toEqual({ kind: 'retry', answer: 'no answer within 0.2 s' });
    await hung.close();
    hook.answer = (res) => res.writeHead(200, { 'content-length': '100' }).flushHeaders();
    expect(await poster.post(to(hook.url), '{}')).toMatchObject({ kind: 'delivered' });
    expect(await poster.post(to(hook.url), '{}')).toMatchObject({ kind: 'delivered' });
  });

  test('is not signed where there is no secret', async () => {
    await poster.post({ ...to(hook.url), secret: undefined }, '{}');
    expect(hook.forged()).toBe(1);
  });
});
