import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import openapiTS, { astToString } from 'openapi-typescript';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { GATEWAY_OPERATIONS, startGateway } from '../../../../src/c2s/gateway/index.ts';
import type { Gateway } from '../../../../src/c2s/gateway/index.ts';
import { openApiJson } from '../../../../src/c2s/gateway/openapi.ts';
import { startUpstream } from './upstream-fixture.ts';
import type { UpstreamFixture } from './upstream-fixture.ts';

const generated = join(import.meta.dirname, 'generated');
let c2s: UpstreamFixture;
let gateway: Gateway;

beforeAll(async () => {
  c2s = await startUpstream();
  gateway = await startGateway({ port: 0, c2sBaseUrl: c2s.url, c2sToken: 't' });
});
afterAll(async () => {
  await gateway.close();
  await c2s.close();
  rmSync(generated, { recursive: true, force: true });
});
afterEach(() => {
  c2s.received.length = 0;
});

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { operationId: string; parameters?: { name: string; in: string }[] }>>;
}

it('has every operation of the table once, with its id and its path parameters', () => {
  const { openapi, paths } = JSON.parse(openApiJson('1.0.0')) as Document;
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`),
  );
  const table = GATEWAY_OPERATIONS.map(({ id, method, path }) => `${id} ${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
  expect(openapi).toMatch(/^3\.1\./);
  expect(described.toSorted()).toEqual(table.toSorted());
  const inPath = paths['/leads/{leadId}']?.['get']?.parameters;
  expect(inPath).toMatchObject([{ name: 'leadId', in: 'path', required: true }]);
});

it('names the bounds that validation enforces', () => {
  const text = openApiJson('1.0.0');
  const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, unknown>> };
  expect(paths['/leads']?.['get']).toMatchObject({
    parameters: expect.arrayContaining([
      expect.objectContaining({
        name: 'perpage',
        schema: expect.objectContaining({ minimum: 1, maximum: 50 }) as unknown,
      }),
    ]) as unknown,
  });
  expect(paths['/leads/{leadId}/done-deal']?.['post']).toMatchObject({
    requestBody: {
      content: {
        'application/json': { schema: { properties: { value: { exclusiveMinimum: 0 } }, required: ['value'] } },
      },
    },
  });
});

/** A program that uses the generated types: it must compile, its two mistakes must not, and it drives the gateway. */
const CLIENT = `
import createClient from 'openapi-fetch';
import type { paths } from './schema.ts';
export async function use(baseUrl: string) {
  const client = createClient<paths>({ baseUrl });
  const lead = await client.GET('/leads/{leadId}', { params: { path: { leadId: 'l 1' } } });
  const message = await client.POST('/leads/{leadId}/messages', { params: { path: { leadId: 'l1' } }, body: { message: 'oi' } });
  const list = await client.GET('/leads', { params: { query: { page: 2, status: 'novo' } } });
  // @ts-expect-error a message without a text
  const refused = await client.POST('/leads/{leadId}/messages', { params: { path: { leadId: 'l1' } }, body: { type: 'note' } });
  // @ts-expect-error no such path
  const unknown = await client.GET('/integration/leads', {});
  const id: string | number | undefined = lead.data?.data.id;
  return [id, message.response.status, list.response.status, refused.response.status, unknown.response.status];
}
`;

it('validates, and a client generated from it compiles and drives the gateway', { timeout: 60_000 }, async () => {
  // openapi-typescript parses and lints with Redocly's parser, and throws on a document that is not OpenAPI.
  const types = astToString(await openapiTS(new URL(`${gateway.url}/openapi.json`)));
  mkdirSync(generated, { recursive: true });
  writeFileSync(join(generated, 'schema.ts'), types);
  writeFileSync(join(generated, 'client.ts'), CLIENT);
  const compilerOptions = { types: [], lib: ['es2024', 'dom'] };
  const config = { extends: '../../../../../tsconfig.json', compilerOptions, include: ['*.ts'] };
  writeFileSync(join(generated, 'tsconfig.json'), JSON.stringify(config));
  const tsc = spawnSync('npx', ['tsc', '-p', join(generated, 'tsconfig.json')], { encoding: 'utf8' });
  expect([tsc.stdout, tsc.status]).toEqual(['', 0]);

  c2s.answer = { status: 200, body: '{"data":{"id":"l 1"}}' };
  const client = (await import(join(generated, 'client.ts'))) as { use(baseUrl: string): Promise<unknown> };
  expect(await client.use(gateway.url)).toEqual(['l 1', 200, 200, 422, 404]);
  expect(c2s.received.map(({ url }) => url)).toEqual([
    '/integration/leads/l%201',
    '/integration/leads/l1/create_message',
    '/integration/leads?page=2&perpage=50&status=novo',
  ]);
});

it('is shown at /docs by files of this process alone', async () => {
  const page = await fetch(`${gateway.url}/docs`);
  const html = await page.text();
  const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, at]) => at ?? '');
  expect(assets).toHaveLength(4);
  for (const asset of assets) {
    expect(asset).toMatch(/^\/docs\//);
    const { status, headers } = await fetch(gateway.url + asset);
    expect([status, headers.get('content-security-policy')]).toEqual([
      200,
      expect.stringContaining("default-src 'none'"),
    ]);
  }
  expect(page.headers.get('content-security-policy')).not.toMatch(/https?:|unsafe-eval|\*/);
});
