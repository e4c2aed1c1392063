import { expect, describe, test } from 'vitest';
import { z } from 'zod';
import { editRollout } from '../../../../src/facade/config/edit.ts';
import { readEnvironment, variableNames } from '../../../../src/facade/config/environment.ts';
import type { ExtensionVariables } from '../../../../src/facade/config/extension-variables.ts';
import { formatProblems, parseConfig } from '../../../../src/facade/config/load.ts';
import { splitLimits, shareOf } from '../../../../src/facade/config/per-worker-limits.ts';
import { RestartVariables } from '../../../../src/facade/config/restart-variables.ts';
import { TableSchema, type ConfigSection } from '../../../../src/facade/config/table-schema.ts';
import { optional, strongToken, url } from '../../../../src/facade/config/variable-kinds.ts';
import { SHOPS } from '../../../../examples/another-pair/pair.ts';

/** What an extension adds to the rollout table and to the environment, by one that is nobody's. */

const mailing = z
  .strictObject({
    perMinute: z.int().min(1).default(60),
    burst: z.int().min(1).default(10),
  })
  .refine(({ perMinute, burst }) => burst <= perMinute, { path: ['burst'], error: 'write at most perMinute' })
  .prefault({});
const SECTION: ConfigSection<z.output<typeof mailing>> = {
  key: 'mailing',
  schema: mailing,
  splitLimits: (settings, workers) => ({ ...settings, perMinute: shareOf(settings.perMinute, workers) }),
};
const schema = new TableSchema(SECTION);

const ENV = { OLD_SHOP_URL: 'http://old.example' };
const TABLE = `upstreams:
  direct: { url: "\${OLD_SHOP_URL}" }
  gateway: { url: "" }
routes:
  - id: customers.get
    direct: GET /old/:id
    gateway: GET /new/:id
    rollout: { gateway: 0 }
`;

function reportOf(text: string, table = schema): string[] {
  const parsed = parseConfig(text, ENV, table);
  return parsed.ok ? [] : formatProblems('f', parsed.problems).split('\n');
}

function configOf(text: string) {
  const parsed = parseConfig(text, ENV, schema);
  if (!parsed.ok) throw new Error(formatProblems('f', parsed.problems));
  return parsed.config;
}

describe('the section of an extension', () => {
  test('is read beside the options of the engine, which do not know of it', () => {
    expect(configOf(`${TABLE}mailing: { perMinute: 20 }\n`)).toEqual({
      ...configOf(TABLE),
      extension: { perMinute: 20, burst: 10 },
    });
  });

  test('may be left out', () => {
    expect(configOf(TABLE).extension).toEqual({ perMinute: 60, burst: 10 });
  });

  test.each([
    ['burst: 0', '9:19  mailing.burst: 0 is out of range; write a whole number of at least 1'],
    ['perMinutes: 9', '9:12  mailing.perMinutes: unknown key; did you mean "perMinute"?'],
    ['perMinute: 5, burst: 6', '9:33  mailing.burst: 6 is not in the right form; write at most perMinute'],
  ])('is judged like the rest: %s', (written, line) => {
    expect(reportOf(`${TABLE}mailing: { ${written} }\n`)).toEqual([`f:${line}`]);
  });

  test('is told of in one report with the rest, in the order of the file', () => {
    const text = `mailing: { burst: many }\n${TABLE.replace('gateway: 0', 'gateway: 101')}log: 1\n`;
    expect(reportOf(text).map((line) => line.replace(/^f:(\d+):\d+ {2}(.*?): .*/, '$1 $2'))).toEqual([
      '1 mailing.burst',
      '9 routes[0] (customers.get).rollout.gateway',
      '10 log',
    ]);
  });

  test('is an unknown key to an engine without the extension', () => {
    expect(reportOf(`${TABLE}mailing: {}\n`, new TableSchema())).toEqual([
      expect.stringMatching(/^f:9:1 {2}mailing: unknown key; /),
    ]);
  });

  test('stays what it is when a route is flipped, and must be sound for that', () => {
    const flip = [{ route: 'customers.get', set: { gateway: 5 } }];
    const edited = editRollout(`${TABLE}mailing: { burst: 2 }\n`, flip, ENV, 'f', schema);
    expect(edited.text).toBe(`${TABLE.replace('gateway: 0', 'gateway: 5')}mailing: { burst: 2 }\n`);
    expect(() => editRollout(`${TABLE}mailing: 1\n`, flip, ENV, 'f', schema)).toThrow(/f has errors/);
  });

  test('shares its limits among workers', () => {
    const config = configOf(TABLE);
    expect(splitLimits(config, 4, SECTION).extension).toEqual({ perMinute: 15, burst: 10 });
    expect(splitLimits(config, 1, SECTION)).toBe(config);
  });

  test('is in the JSON schema, before the routes', () => {
    const keys = Object.keys(schema.json.properties ?? {});
    expect(keys.slice(-3)).toEqual(['mailing', 'knownDifferences', 'routes']);
    expect(schema.json.properties?.['mailing']?.properties?.['burst']).toMatchObject({ minimum: 1, default: 10 });
  });

  test.each(['routes', 'server', 'extension'])('cannot be called %s', (key) => {
    expect(() => new TableSchema({ key, schema: z.unknown() })).toThrow(`the section ${key} of the extension`);
  });
});

const variables = z.object({ MAIL_URL: optional(url), MAIL_KEY: optional(strongToken) });
const MAIL: ExtensionVariables<{ readonly mail: string | undefined }, (typeof variables)['shape']> = {
  schema: variables,
  requiredWith: { MAIL_KEY: 'MAIL_URL' },
  secrets: [{ name: 'MAIL_KEY', isList: false }],
  read: ({ MAIL_URL }) => ({ mail: MAIL_URL }),
};
const problemsOf = (env: Record<string, string>): readonly string[] => {
  const read = readEnvironment(env, SHOPS.variables, MAIL);
  return read.ok ? [] : read.problems;
};

describe('the variables of an extension', () => {
  test('are handed to it as it reads them', () => {
    const read = readEnvironment({ MAIL_URL: 'http://mail/', MAIL_KEY: 'k'.repeat(16) }, SHOPS.variables, MAIL);
    expect(read).toMatchObject({ ok: true, environment: { extension: { mail: 'http://mail' }, port: 8080 } });
  });

  test('are judged in one report with those of the engine', () => {
    const key = 'the-same-key-of-16';
    expect(problemsOf({ PORT: 'x', MAIL_URL: 'mail', OLD_SHOP_URL: 'http://old' })).toEqual([
      'PORT: must be a port, 0 to 65535',
      expect.stringMatching(/^MAIL_URL: /),
      'OLD_SHOP_KEY: is required when OLD_SHOP_URL is set',
      'MAIL_KEY: is required when MAIL_URL is set',
    ]);
    expect(problemsOf({ MAIL_KEY: ' ' })).toEqual([
      'MAIL_KEY: holds nothing but blanks; write a value, or leave it empty to unset it',
    ]);
    expect(problemsOf({ NEW_SHOP_TOKEN: key, MAIL_KEY: key })).toEqual([
      'MAIL_KEY: is the same secret as NEW_SHOP_TOKEN; write one that serves nothing else',
    ]);
  });

  test('take a restart, and are told of when they change', () => {
    const watched = new RestartVariables(SHOPS.variables, { MAIL_KEY: 'a' }, MAIL);
    expect(watched.changed({ MAIL_KEY: 'b' })).toEqual(['MAIL_KEY']);
  });

  test("are nobody's without it", () => {
    const env = { MAIL_URL: 'mail', MAIL_KEY: ' ', WORK_API_URL: 'work', WEBHOOK_SECRET: 'short', DATA_KEY: '1' };
    expect(readEnvironment(env, SHOPS.variables)).toEqual(readEnvironment({}, SHOPS.variables));
    expect(variableNames(SHOPS.variables).filter((name) => name in env)).toEqual([]);
  });
});
