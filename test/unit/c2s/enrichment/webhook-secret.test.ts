import { describe, expect, test } from 'vitest';
import { rightPlace, shownSecrets } from '../../../../src/c2s/enrichment/webhook-secret.ts';

const C2S = '/api/v1/webhooks/c2s';
const GOOGLE = '/api/v1/webhooks/google-ads';
const shown = (url: string, token?: string) =>
  shownSecrets(url, token === undefined ? {} : { 'x-webhook-token': token }).map(
    ({ place, secret }) => `${place} ${secret}`,
  );

describe('the head of a push shows', () => {
  test.each<[string, string | undefined, string[]]>([
    [C2S, undefined, []],
    [`${C2S}/`, undefined, []],
    [`${C2S}?a=1`, undefined, []],
    [C2S, 'one', ['header one']],
    [C2S, '', ['header ']],
    [`${C2S}/one`, undefined, ['path one']],
    [`${C2S}/one/`, undefined, ['path one']],
    [`${C2S}/o%6Ee?a=1`, undefined, ['path one']],
    [`${C2S}/%zz`, undefined, ['path %zz']],
    [`${C2S}?token=one`, undefined, ['query one']],
    [`${C2S}/?secret=o%6Ee`, undefined, ['query one']],
    [`${C2S}?token=`, undefined, ['query ']],
    [`${C2S}?token=one&token=two&secret=three`, undefined, ['query one', 'query two', 'query three']],
    [`${C2S}/one?token=two`, 'three', ['header three', 'path one', 'query two']],
    [`http://facade.example${C2S}/one`, undefined, ['path one']],
    [`${C2S}/one#two`, undefined, ['path one']],
    [`${GOOGLE}?google_key=one`, undefined, ['query one']],
    [`${GOOGLE}?token=one`, 'two', []],
    [`${GOOGLE}/one`, 'two', []],
    [`${C2S}?google_key=one`, undefined, []],
    [`${C2S}/one/more`, 'two', []],
    ['/api/v1/webhooks/other?token=one', 'two', []],
  ])('%s with the header %j: %j', (url, token, expected) => expect(shown(url, token)).toEqual(expected));
});

describe('it is told', () => {
  const place = (url: string, token?: string, secret: string | undefined = 'right') =>
    rightPlace(shownSecrets(url, token === undefined ? {} : { 'x-webhook-token': token }), secret);

  test.each<[string, string | undefined, string | undefined]>([
    [C2S, 'right', 'header'],
    [`${C2S}/right`, undefined, 'path'],
    [`${C2S}?secret=right`, undefined, 'query'],
    [`${C2S}/right`, 'right', 'header'],
    [`${C2S}/wrong`, 'right', undefined],
    [`${C2S}/right`, 'wrong', undefined],
    [`${C2S}?token=right&secret=wrong`, undefined, undefined],
    [C2S, undefined, undefined],
  ])('%s with the header %j by its %s', (url, token, expected) => expect(place(url, token)).toBe(expected));

  test('never where no secret is set', () => {
    expect(rightPlace(shownSecrets(`${C2S}?token=`, {}), undefined)).toBeUndefined();
    expect(rightPlace(shownSecrets(`${C2S}?token=`, {}), '')).toBeUndefined();
  });
});
