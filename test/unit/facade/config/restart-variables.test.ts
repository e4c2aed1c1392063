import { expect, test } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { RestartVariables } from '../../../../src/facade/config/restart-variables.ts';

const START = { C2S_BASE_URL: 'http://crm', C2S_TOKEN: 'a', PORT: '1', PATH: '/bin' };

test('a variable that takes a restart is told once a change; addresses and others never', () => {
  const watched = new RestartVariables(CONTACT2SALE.variables, START);
  expect(watched.changed(START)).toEqual([]);
  expect(watched.changed({ ...START, C2S_BASE_URL: 'http://new', C2S_GATEWAY_URL: 'http://gw', PATH: '/' })).toEqual(
    [],
  );
  const next = { ...START, C2S_TOKEN: 'b', C2S_GATEWAY_TOKEN: 'key' };
  expect(watched.changed(next)).toEqual(['C2S_TOKEN', 'C2S_GATEWAY_TOKEN']);
  expect(watched.changed(next)).toEqual([]);
  expect(watched.changed(undefined)).toEqual([]);
  expect(watched.changed({ ...next, PORT: ' 1 ', C2S_GATEWAY_TOKEN: '' })).toEqual(['C2S_GATEWAY_TOKEN']);
});
