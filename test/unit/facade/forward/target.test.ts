import { expect, test } from 'vitest';
import { parseTarget } from '../../../../src/facade/forward/target.ts';

test.each([
  ['/leads', '/leads', ''],
  ['/leads?', '/leads', ''],
  ['/leads?page=1&page=2', '/leads', 'page=1&page=2'],
  ['/leads?next=/a?b=c', '/leads', 'next=/a?b=c'],
  ['/le%2Fads%3F?q=%26', '/le%2Fads%3F', 'q=%26'],
  ['//leads', '//leads', ''],
  ['/?x', '/', 'x'],
  ['/a://b/c', '/a://b/c', ''],
])('the origin form %j is cut once and not decoded', (url, path, query) => {
  expect(parseTarget(url)).toEqual({ raw: url, path, query });
});

test.each([
  ['http://evil.example/leads?x=1', '/leads?x=1', '/leads', 'x=1'],
  ['HTTPS://user:secret@evil.example:8443/a/b', '/a/b', '/a/b', ''],
  ['http://evil.example', '/', '/', ''],
  ['http://evil.example?x=1', '/?x=1', '/', 'x=1'],
  ['http://evil.example/a?u=http://b/c', '/a?u=http://b/c', '/a', 'u=http://b/c'],
  ['http://evil.example//other.example/a', '//other.example/a', '//other.example/a', ''],
])('the absolute form %j loses scheme and authority', (url, raw, path, query) => {
  expect(parseTarget(url)).toEqual({ raw, path, query });
});

test.each(['*', 'leads', '', 'evil.example:443'])('%j is no path, and becomes none', (url) => {
  expect(parseTarget(url)).toEqual({ raw: url, path: url, query: '' });
});
