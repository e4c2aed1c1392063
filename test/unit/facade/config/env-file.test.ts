import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnvFileError, readEnvFile } from '../../../../src/facade/config/env-file.ts';
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

describe('is read as dotenv has it', () => {
  it.each([
    ['blanks around =', 'A = b', { A: 'b' }],
    ['export', 'export A=b\nexport\t B = "c d"', { A: 'b', B: 'c d' }],
    ['quotes, single, double and back', `A="x # y"\nB='it is'\nC=\`"q"\``, { A: 'x # y', B: 'it is', C: '"q"' }],
    ['a comment behind a value and one of its own', '# no\n  # nor this\nA=x # yes', { A: 'x' }],
    ['the line ends of Windows, and its byte order mark', '\uFEFFA=b\r\nB=c\r\n', { A: 'b', B: 'c' }],
    [
      'a quoted value over lines, which may look like others',
      'A="one\ntwo\n=three"\nB=4',
      { A: 'one\ntwo\n=three', B: '4' },
    ],
    ['an empty value', 'A=\nB=""', { A: '', B: '' }],
    ['= in a value', 'A=b=c==', { A: 'b=c==' }],
  ])('%s', (_, text, read) => {
    const file = join(directory, '.env');
    writeFileSync(file, text);
    expect(readEnvFile(file)).toEqual(read);
  });

  it.each([
    ['A=1\nC2S_TOKEN: hush', '.env:2: "C2S_TOKEN" has no "="; write C2S_TOKEN=value'],
    ['C2S_TOKEN hush', '.env:1: "C2S_TOKEN" has no "="; write C2S_TOKEN=value'],
    ['=hush', '.env:1: what stands before "=" is no name'],
    ['set C2S_TOKEN=hush', '.env:1: what stands before "=" is no name'],
    ['C2S-TOKEN=hush', '.env:1: what stands before "=" is no name'],
    ['\n\nC2S_TOKEN="hush\nA=1', `.env:3: C2S_TOKEN begins with " and has no " at its end; close it`],
    ['{ "hush"', '.env:1: sets nothing; write NAME=value'],
  ])('%j is an error with its line and without its value', (text, told) => {
    const file = join(directory, '.env');
    writeFileSync(file, text);
    expect(() => readEnvFile(file)).toThrow(EnvFileError);
    expect(() => readEnvFile(file)).toThrow(told);
    expect(() => readEnvFile(file)).not.toThrow('hush');
  });
});
