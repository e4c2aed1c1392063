import { afterEach } from 'vitest';
import { startGateway } from '../../../../src/c2s/gateway/index.ts';
import type { Gateway, GatewayOptions } from '../../../../src/c2s/gateway/index.ts';
import { startUpstream } from './upstream-fixture.ts';
import type { UpstreamFixture } from './upstream-fixture.ts';

const closing: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});

/** Closed after the test, the last one first. */
export function closeLater<T extends { close(): Promise<unknown> }>(one: T): T {
  closing.push(one);
  return one;
}

/** A gateway over the smallest upstream; both end with the test. */
export async function start(
  options: Partial<GatewayOptions> = {},
): Promise<{ gateway: Gateway; c2s: UpstreamFixture }> {
  const c2s = closeLater(await startUpstream());
  const token = options.c2sTokenFile === undefined ? { c2sToken: 'secret' } : {};
  const gateway = closeLater(await startGateway({ port: 0, c2sBaseUrl: c2s.url, ...token, ...options }));
  return { gateway, c2s };
}

/** A JSON POST. */
export const post = (url: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });

/** Waits until it is so; fails after 5 s. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within 5 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
