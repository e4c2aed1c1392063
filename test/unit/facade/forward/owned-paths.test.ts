import { describe, expect, it } from 'vitest';
import { OwnedPaths } from '../../../../src/facade/forward/owned-paths.ts';

/** Whose a path is in any reading of a server that it might be passed on to. */

const paths = new OwnedPaths(['/api/v1', '/docs']);

describe('a path of a page', () => {
  it.each([
    '/api/v1',
    '/api/v1/',
    '/api/v1/leads/x',
    '/api//v1/x',
    '//api/v1/x',
    '/API/V1/x',
    '/Api/v1',
    '/%61pi/v1/x',
    '/%41PI/v%31/x',
    '/%2561pi/v1/x',
    '/api%2fv1%2fx',
    '/api%2Fv1',
    '/api\\v1\\x',
    '/api%5cv1%5cx',
    '/api/./v1/x',
    '/./api/v1/x',
    '/a/../api/v1/x',
    '/a/%2e%2e/api/v1/x',
    '/a%2f..%2fapi/v1/x',
    '/../api/v1/x',
    '/api/v1/../../integration/leads',
    '/api/v1/%2e%2e/%2e%2e/x',
    '/api;a=1/v1;b=2/x',
    '/api/v1;x',
    '/api/v1&cpf=1',
    '/api/v1+/contributor/customer',
    '/api/v1,x',
    '/api/v1=1',
    '/api/v1:enrich',
    '/api(1)/v1!',
    '/api/v1%26cpf=1',
    '/api/v1%3Fdocumento=1',
    '/api/v1%23x',
    '/api/v1%20',
    '/api%09/v1/x',
    '/api/v1%00/x',
    '/api/v1/%ZZ',
    '/%zz/../api/v1',
    '/docs',
    '/docs/x',
  ])('is %s', (path) => expect(paths.owns(path)).toBe(true));

  it.each([
    '/',
    '/api',
    '/api/',
    '/api/v2/x',
    '/api/v10',
    '/api/v1x',
    '/apiv1',
    '/xapi/v1',
    '/integration/api/v1/x',
    '/integration/leads/api%2fv1',
    '/api/../v1/x',
    '/v1/api',
    '/docsx',
    '*',
    '',
  ])('is not %s', (path) => expect(paths.owns(path)).toBe(false));

  it('is none where there is no page', () => expect(new OwnedPaths([]).owns('/api/v1')).toBe(false));

  it('is judged in linear time', () => {
    const startedAt = performance.now();
    for (const part of ['/', '%25', '../', '/api', ';', '%2f', 'a']) paths.owns(`/${part.repeat(16_000)}`);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
