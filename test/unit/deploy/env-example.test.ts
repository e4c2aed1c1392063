import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import { FACADE_FORMER_NAMES } from '../../../src/c2s/gateway/former-names.ts';
import { readEnvironment, VARIABLE_NAMES } from '../../../src/c2s/environment.ts';

const lines = readFileSync('.env.example', 'utf8').split('\n');
const shown = lines.flatMap((line) => /^#([A-Z][A-Z0-9_]*)=(.*)$/.exec(line)?.slice(1, 3) ?? []);
const variables = Object.fromEntries(
  Array.from({ length: shown.length / 2 }, (_, i) => [shown[2 * i] ?? '', shown[2 * i + 1] ?? '']),
);

/** Shown with an example, as they have no default. */
const EXAMPLES = new Set(['C2S_BASE_URL', 'WORK_API_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT']);

test('it shows every variable, and no other; former names are no example', () => {
  const names = VARIABLE_NAMES.filter((name) => !Object.hasOwn(FACADE_FORMER_NAMES, name));
  expect(Object.keys(variables).sort()).toEqual(names.sort());
});

test('copied as it is, it sets nothing', () => {
  expect(parseEnv(lines.join('\n'))).toEqual({});
});

test('the defaults that it shows are the ones that hold', () => {
  const defaults = Object.fromEntries(
    Object.entries(variables).filter(([name, value]) => value !== '' && !EXAMPLES.has(name)),
  );
  expect(Object.keys(defaults).length).toBeGreaterThan(5);
  expect(readEnvironment(defaults)).toEqual(readEnvironment({}));
});
