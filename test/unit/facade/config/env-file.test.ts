import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readEnvFile } from '../../../../src/facade/config/env-file.ts';
import { configOf, GET_LEAD, withRows } from './support.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'facade-env-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

it('a .env file that does not exist sets nothing', () => {
  expect(readEnvFile(join(directory, '.env'))).toEqual({});
});

it('one that cannot be read is an error, not an empty one', () => {
  expect(() => readEnvFile(directory)).toThrow(
    /cannot be read \(no regular file but a directory\); make it a regular file/,
  );
});

it('emptying C2S_GATEWAY_URL in it takes the gateway away at the next reading', () => {
  const file = join(directory, '.env');
  const gatewayUrl = () => configOf(withRows(GET_LEAD), readEnvFile(file)).upstreams.gateway.url;
  writeFileSync(file, 'C2S_BASE_URL=https://crm.example\nC2S_GATEWAY_URL="http://gateway:8001" # the new one\n');
  expect(gatewayUrl()).toBe('http://gateway:8001');
  writeFileSync(file, 'C2S_BASE_URL=https://crm.example\nC2S_GATEWAY_URL=\n');
  expect(gatewayUrl()).toBe('');
});
