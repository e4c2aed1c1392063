import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TABLE_SCHEMA } from '../../../src/c2s/table-schema.ts';
import { endpointsOf } from '../../../src/facade/config/endpoint.ts';
import { parseConfig } from '../../../src/facade/config/load.ts';
import { SANDBOX_OPERATIONS } from '../../../src/c2s/sandbox/operations.ts';

/** docs/wire/contact2sale.md lists the operations of the rollout table, with the methods and paths that it sends. */

const NONE = 'none';
const page = readFileSync('docs/wire/contact2sale.md', 'utf8');
const listed = [...page.matchAll(/^\| `([a-z][\w.]*)` \| (.+?) \| (.+?) \|/gim)].map(([, id, direct, gateway]) => [
  id,
  // `; described also as …` follows where sources differ.
  direct?.split(/[;,]/)[0]?.replace('…', '/integration'),
  gateway,
]);

test('the operations on the page are those of the rollout table', () => {
  const parsed = parseConfig(
    readFileSync('config/facade.yaml', 'utf8'),
    { C2S_BASE_URL: 'http://crm.example' },
    TABLE_SCHEMA,
  );
  if (!parsed.ok) throw new Error('the shipped table is refused');
  const sent = (endpoint: Parameters<typeof endpointsOf>[0]) => {
    const [first] = endpointsOf(endpoint);
    return first ? `${first.method} ${first.template}` : NONE;
  };
  expect(listed).toEqual(parsed.config.routes.map((row) => [row.id, sent(row.direct), sent(row.gateway)]));
});

test('the stand-in for Contact2Sale offers what is on the page', () => {
  const direct = listed.map(([, endpoint]) => endpoint).filter((endpoint) => endpoint !== NONE);
  expect(SANDBOX_OPERATIONS.map(({ method, path }) => `${method} ${path}`)).toEqual(expect.arrayContaining(direct));
});
