import { describe, expect, test } from 'vitest';
import { answerRewriter } from '../../../../src/facade/forward/answer-rewriter.ts';

const ADDRESSES = [
  { path: 'direct', origin: 'https://crm.example', prefix: '/crm' },
  { path: 'gateway', origin: 'http://gateway.internal:8000', prefix: '/v1' },
] as const;
const direct = answerRewriter('direct', ADDRESSES);
const gateway = answerRewriter('gateway', ADDRESSES);

describe('a Refresh', () => {
  test.each([
    ['5; url=https://crm.example/crm/a', '5; url=/a'],
    ['5;URL=https://crm.example/crm/a?b=1', '5;URL=/a?b=1'],
    ['0; url="https://crm.example/crm/a"', '0; url="/a"'],
    ["0, url = 'https://crm.example/crm/a'", "0, url = '/a'"],
    ['0 ; https://crm.example/crm/a', '0 ; /a'],
    ['url=http://gateway.internal:8000/v1/leads', 'url=/leads'],
    ['5; url=/crm/a', '5; url=/a'],
    ['5; url=https://elsewhere.example/crm/a', '5; url=https://elsewhere.example/crm/a'],
    ['5; url="https://crm.example/crm/a', '5; url="/a"'],
    ['5; url="', '5; url="'],
    ['5', '5'],
    ['', ''],
    ['5;', '5;'],
  ])('%s becomes %s', (sent, shown) => expect(direct.refresh(sent)).toBe(shown));

  test('of the gateway shows no host at all', () => {
    expect(gateway.refresh('1; url=http://10.0.0.7/v1/leads')).toBe('1; url=/leads');
  });
});

describe('a Link', () => {
  test.each([
    ['<https://crm.example/crm/leads?page=2>; rel="next"', '</leads?page=2>; rel="next"'],
    [
      '<https://crm.example/crm/a>; rel=next, </crm/b>; rel=prev,<https://cdn.example/c>;rel=preload',
      '</a>; rel=next, </b>; rel=prev,<https://cdn.example/c>;rel=preload',
    ],
    ['<#x>; anchor="https://crm.example/crm/a"; rel=item', '<#x>; anchor="/a"; rel=item'],
    ['<b>; Anchor=http://gateway.internal:8000/v1/x', '<b>; Anchor=/x'],
    ['<>', '<>'],
    ['no link', 'no link'],
    ['<https://crm.example/crm/a', '<https://crm.example/crm/a'],
  ])('%s becomes %s', (sent, shown) => expect(direct.link(sent)).toBe(shown));
});

describe('a cookie', () => {
  test.each([
    ['a=1; Path=/crm', 'a=1; Path=/'],
    ['a=1; path=/crm/leads; HttpOnly', 'a=1; path=/leads; HttpOnly'],
    ['a=1; Path=/crmx', 'a=1; Path=/crmx'],
    ['a=1; Path=/', 'a=1; Path=/'],
    ['a=1; Domain=crm.example; Secure', 'a=1; Secure'],
    ['a=1;domain=.CRM.example', 'a=1'],
    ['a=1; Domain=example', 'a=1'],
    ['a=1; Domain=gateway.internal; Path=/crm/x', 'a=1; Path=/x'],
    ['a=1; Domain=other.example', 'a=1; Domain=other.example'],
    ['a=1; Domain=m.example', 'a=1; Domain=m.example'],
    ['a=domain=crm.example; Max-Age=1', 'a=domain=crm.example; Max-Age=1'],
    ['a=1', 'a=1'],
    ['', ''],
  ])('%s becomes %s', (sent, shown) => expect(direct.cookie(sent)).toBe(shown));

  test('loses the prefix of the base URL that was asked, and no other', () => {
    expect(gateway.cookie('a=1; Path=/v1/x')).toBe('a=1; Path=/x');
    expect(gateway.cookie('a=1; Path=/crm/x')).toBe('a=1; Path=/crm/x');
  });
});

test('a value of 64 KiB, made to be slow, takes no time', () => {
  const begun = performance.now();
  for (const piece of [' ', ';', '; ', '<', '<a', 'anchor', 'anchor= ', '5', ',', "url='"]) {
    const value = piece.repeat(65_536 / piece.length);
    for (const rewrite of [direct, gateway]) {
      rewrite.refresh(value);
      rewrite.link(value);
      rewrite.cookie(`a=1${value}`);
    }
  }
  expect(performance.now() - begun).toBeLessThan(1_000);
});
