import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GATEWAY_OPERATIONS } from '../../../../src/c2s/gateway/operations.ts';
import type { Operation } from '../../../../src/c2s/gateway/operations.ts';
import { createRouter } from '../../../../src/c2s/gateway/router.ts';

const match = createRouter();

describe('the router', () => {
  const endpoints = (GATEWAY_OPERATIONS as readonly Operation[]).flatMap(({ id, method, path, aliases = [] }) =>
    [path, ...aliases].map((endpoint) => ({ id, method, endpoint })),
  );

  it.each(endpoints)('finds $id at $method $endpoint', ({ id, method, endpoint }) => {
    const found = match(method, endpoint.replace(/:\w+/g, 'x1'));
    expect(found).toMatchObject({ kind: 'route', route: { operation: { id } } });
  });

  it.each([
    ['GET', '/leads/resolve-source'],
    ['GET', '/leads/resolve%2Dsource'],
    ['GET', '/leads/%72esolve-source'],
  ])('reads %s %s as the operation resolve-source', (method, path) => {
    expect(match(method, path)).toMatchObject({ kind: 'route', route: { operation: { id: 'leads.resolveSource' } } });
  });

  it.each([
    ['PATCH', '/leads/resolve-source', 'method'],
    ['GET', '/leads/resolve-source/tags', 'none'],
    ['GET', '/leads/resolve%2Dsource/tags', 'none'],
    ['GET', '/leads/Resolve-Source', 'bad-parameter'],
    ['PUT', '/sellers/resolve%2dsource', 'bad-parameter'],
  ])('never reads it as an id: %s %s', (method, path, kind) => {
    expect(match(method, path).kind).toBe(kind);
  });

  it.each([
    '%2E%2E',
    '%2e',
    '..',
    '.',
    'a%2Fb',
    'a%5Cb',
    'a\\b',
    'a%3Fx',
    'a%23',
    '%00',
    '%0D%0A',
    '%7F',
    '%FF',
    '%zz',
    '%',
  ])('refuses the id %s', (id) => {
    expect(match('GET', `/leads/${id}`).kind).toBe('bad-parameter');
    expect(match('POST', `/leads/${id}/mark-interacted`).kind).toBe('bad-parameter');
    expect(match('GET', `/distribution/queues/${id}/sellers`).kind).toBe('bad-parameter');
  });

  it.each([
    ['a%20b', 'a%20b'],
    ['caf%C3%A9', 'caf%C3%A9'],
    ['a+b', 'a%2Bb'],
    ['a%252Fb', 'a%252Fb'],
    ['%62f1a', 'bf1a'],
  ])('sends the id %s on as one segment, %s', (sent, expected) => {
    expect(match('GET', `/leads/${sent}`)).toMatchObject({ kind: 'route', params: [expected] });
  });

  it('never lets an id become more than one segment that decodes to itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (text) => {
        const escaped = Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
        const found = match('GET', `/sellers-none/${escaped}`);
        expect(found.kind).toBe('none');
        const lead = match('POST', `/leads/${escaped}/messages`);
        if (lead.kind !== 'route') return;
        const [param = ''] = lead.params;
        expect(param).toMatch(/^(?:[\w.!~*'()-]|%[0-9A-F]{2})+$/);
        expect(param).not.toMatch(/^\.{1,2}$/);
        expect(decodeURIComponent(param)).toBe(text);
      }),
    );
  });

  it('names every method of the path', () => {
    expect(match('DELETE', '/leads')).toEqual({ kind: 'method', allow: 'GET, POST' });
    expect(match('HEAD', '/leads/l1')).toEqual({ kind: 'method', allow: 'GET, PATCH' });
  });

  it.each([
    ['/leads/', '/leads'],
    ['/leads/l1/tags//', '/leads/l1/tags'],
  ])('knows that %s is meant as %s', (path, meant) => {
    expect(match('GET', path)).toEqual({ kind: 'slash', path: meant });
  });

  it.each([
    '/nope/',
    '//leads/',
    '//example.com/',
    '/leads//tags',
    '//leads',
    'leads',
    '*',
    '',
    '/LEADS',
    '/integration/leads',
    '/TEST/ping',
  ])('knows nothing at "%s"', (path) => {
    expect(match('GET', path)).toEqual({ kind: 'none' });
  });
});
