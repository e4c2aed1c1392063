import { describe, expect, it } from 'vitest';
import { environmentWarnings, readEnvironment, VARIABLE_NAMES } from '../../../../src/c2s/environment.ts';

const problemsOf = (env: Record<string, string | undefined>) => {
  const read = readEnvironment(env);
  return read.ok ? [] : read.problems;
};
const SAME_SECRET = 'WORK_API_KEY: is the same secret as C2S_TOKEN; write one that serves nothing else';
const strong = (letter: string) => letter.repeat(16);

describe('the environment', () => {
  it('may be empty: loopback, the standard ports, the sandbox', () => {
    expect(readEnvironment({})).toEqual({
      ok: true,
      environment: {
        host: '127.0.0.1',
        port: 8080,
        adminHost: '127.0.0.1',
        adminPort: 9901,
        facadeTokens: [],
        configFile: 'config/facade.yaml',
        workers: 1,
        drainDelayMs: 0,
        logLevel: 'info',
        dataDir: '.data',
        databaseConnections: 25,
        database: { kind: 'embedded' },
        extension: { dataKeys: [], descriptionMaxLength: 5_000, enrichOpen: false, incomeMultiplier: 1 },
      },
    });
  });

  it('is read in full', () => {
    const read = readEnvironment({
      HOST: '::',
      PORT: '0',
      ADMIN_HOST: '0.0.0.0',
      ADMIN_PORT: '9000',
      ADMIN_TOKEN: strong('a'),
      C2S_BASE_URL: 'https://crm.example/',
      C2S_TOKEN: 'crm-token',
      C2S_GATEWAY_URL: 'http://gateway:8001',
      C2S_GATEWAY_TOKEN: 'gateway-token',
      FACADE_TOKENS: `${strong('b')}, ${strong('c')}`,
      FACADE_CONFIG: '/etc/facade.yaml',
      LOG_LEVEL: 'debug',
      DATA_DIR: '/data',
      DATABASE_URL: 'postgres://facade@db/facade',
      DATA_KEY: `${Buffer.alloc(32, 1).toString('base64')}, ${'02'.repeat(32)}`,
      WORK_API_URL: 'https://work.example',
      WORK_API_KEY: 'work-key',
      DIRETRIX_BASE_URL: 'https://diretrix.example',
      DIRETRIX_USER: 'user',
      DIRETRIX_PASS: 'pass',
      WEBHOOK_SECRET: strong('w'),
      UNRELATED: 'kept out',
    });
    expect(read).toEqual({
      ok: true,
      environment: {
        host: '::',
        port: 0,
        adminHost: '0.0.0.0',
        adminPort: 9000,
        adminToken: strong('a'),
        directUrl: 'https://crm.example',
        directToken: 'crm-token',
        gatewayUrl: 'http://gateway:8001',
        gatewayToken: 'gateway-token',
        facadeTokens: [strong('b'), strong('c')],
        configFile: '/etc/facade.yaml',
        workers: 1,
        drainDelayMs: 0,
        logLevel: 'debug',
        dataDir: '/data',
        databaseConnections: 25,
        database: { kind: 'url', url: 'postgres://facade@db/facade' },
        extension: {
          dataKeys: [Buffer.alloc(32, 1), Buffer.alloc(32, 2)],
          workApi: { url: 'https://work.example', key: 'work-key' },
          diretrix: { url: 'https://diretrix.example', user: 'user', pass: 'pass' },
          webhookSecret: strong('w'),
          googleKey: strong('w'),
          enrichOpen: false,
          incomeMultiplier: 1,
          descriptionMaxLength: 5_000,
        },
      },
    });
  });

  it('treats an empty variable as one that is not set', () => {
    const empty = { HOST: '', PORT: '', C2S_BASE_URL: '', C2S_GATEWAY_URL: '', FACADE_TOKENS: '', LOG_LEVEL: '' };
    expect(readEnvironment(empty)).toEqual(readEnvironment({}));
  });

  it.each(VARIABLE_NAMES)('refuses %s of blanks alone, whatever else is set', (name) => {
    for (const blanks of [' ', '\t', ' \n ']) {
      expect(problemsOf({ ADMIN_HOST: '127.0.0.1', [name]: blanks })).toEqual([
        `${name}: holds nothing but blanks; write a value, or leave it empty to unset it`,
      ]);
    }
  });

  const SECRETS = [
    'C2S_TOKEN',
    'C2S_GATEWAY_TOKEN',
    'FACADE_TOKENS',
    'ADMIN_TOKEN',
    'NOTIFY_SECRET',
    'FORCE_HEADER_SECRET',
    'WEBHOOK_SECRET',
    'GOOGLE_ADS_WEBHOOK_KEY',
  ] as const;
  const others = [...SECRETS, 'DATA_KEY', 'WORK_API_KEY', 'DIRETRIX_PASS'] as const;
  const pairs = others.flatMap((name, i) => others.slice(0, i).map((other) => [name, other] as const));
  it.each(pairs)('refuses %s that is also %s', (name, other) => {
    const secret = Buffer.alloc(32, 7).toString('hex');
    const listed = (one: string) =>
      one === 'FACADE_TOKENS'
        ? `${strong('o')}, ${secret}`
        : one === 'DATA_KEY'
          ? `${'03'.repeat(32)},${secret}`
          : ` ${secret}`;
    const given = { [name]: listed(name), [other]: listed(other) };
    const problems = problemsOf(given).filter((one) => !one.startsWith('WORK_API_URL'));
    const isOnePurpose = name === 'FACADE_TOKENS' && other === 'C2S_TOKEN';
    const told = `${name}: is the same secret as ${other}; write one that serves nothing else`;
    expect(problems).toEqual(isOnePurpose ? [] : [told]);
  });

  it.each(['ADMIN_TOKEN', 'WEBHOOK_SECRET', 'GOOGLE_ADS_WEBHOOK_KEY', 'FACADE_TOKENS'])(
    'refuses a secret of ours that can be guessed: %s',
    (name) => {
      expect(problemsOf({ [name]: 'fifteen-letters' })).toEqual([
        expect.stringMatching(
          new RegExp(`^${name}: .*must have 16 characters at least; "openssl rand -hex 24" makes one$`),
        ),
      ]);
    },
  );

  it('tells everything that is wrong or missing at once', () => {
    const problems = problemsOf({
      HOST: 'http://x',
      PORT: '65536',
      ADMIN_HOST: '0.0.0.0',
      ADMIN_PORT: 'ninety',
      C2S_BASE_URL: 'crm.example',
      C2S_GATEWAY_URL: 'http://gateway?x=1',
      LOG_LEVEL: 'loud',
      DATABASE_URL: 'mysql://db',
      WORK_API_URL: 'https://work.example',
      DIRETRIX_BASE_URL: 'https://diretrix.example',
    });
    expect(problems.map((line) => line.split(':')[0]).toSorted()).toEqual([
      'ADMIN_PORT',
      'ADMIN_TOKEN',
      'C2S_BASE_URL',
      'C2S_GATEWAY_URL',
      'C2S_TOKEN',
      'DATABASE_URL',
      'DIRETRIX_PASS',
      'DIRETRIX_USER',
      'HOST',
      'LOG_LEVEL',
      'PORT',
      'WORK_API_KEY',
    ]);
  });

  it.each([
    ['10s', 10_000],
    ['1.5m', 90_000],
    ['', 0],
  ])('reads DRAIN_DELAY=%s as a duration', (given, drainDelayMs) => {
    expect(readEnvironment({ DRAIN_DELAY: given })).toMatchObject({ ok: true, environment: { drainDelayMs } });
  });

  it.each(['10', '10 s', '-1s', '25h', 'soon'])('refuses DRAIN_DELAY=%s', (given) => {
    expect(problemsOf({ DRAIN_DELAY: given })).toEqual([expect.stringMatching(/^DRAIN_DELAY: write /)]);
  });

  const OLD_DATABASE = 'postgres://old:secret-of-old@db/old';
  it.each<[Record<string, string>, object]>([
    [{ DB_URL: OLD_DATABASE }, { database: { kind: 'url', url: OLD_DATABASE } }],
    ...['WORK_API', 'WORKER_API_KEY'].map((name): [Record<string, string>, object] => [
      { [name]: 'key', WORK_API_URL: 'https://work.example' },
      { extension: { workApi: { url: 'https://work.example', key: 'key' } } },
    ]),
  ])('understands what the service before it was given: %j', (given, environment) => {
    expect(readEnvironment(given)).toMatchObject({ ok: true, environment });
    expect(environmentWarnings(given)).toHaveLength(1);
    expect(environmentWarnings(given)[0]).toMatch(new RegExp(`^${Object.keys(given)[0]}: .*; write [A-Z_]+$`));
  });

  it.each<[Record<string, string>, string]>([
    // That service knew the address by heart.
    [{ WORK_API: 'key' }, 'WORK_API_URL: is required when WORK_API_KEY is set'],
    [{ WORK_API_KEY: 'key' }, 'WORK_API_URL: is required when WORK_API_KEY is set'],
    [
      { DB_URL: OLD_DATABASE, DATABASE_URL: 'postgres://new@db/new' },
      'DB_URL: is a former name of DATABASE_URL and is not the same as DATABASE_URL; write DATABASE_URL alone',
    ],
    [
      { DB_URL: OLD_DATABASE, DATABASE_URL: 'none' },
      'DB_URL: is a former name of DATABASE_URL and is not the same as DATABASE_URL; write DATABASE_URL alone',
    ],
    [{ c2s_token: 'token-of-somebody' }, 'c2s_token: is not read in small letters; write C2S_TOKEN'],
    [{ C2S_TOKEN: 'key-of-two', WORK_API: 'key-of-two', WORK_API_URL: 'https://w.example' }, SAME_SECRET],
  ])('refuses what would be read otherwise than it was meant: %j', (given, problem) => {
    expect(problemsOf(given)).toEqual([problem]);
    expect(problemsOf(given).join()).not.toMatch(/secret-of-old|token-of-somebody|key-of-two/);
  });

  it.each(['RUST_LOG', 'REDIS_URL', 'C2S_GATEWAY_PORT', 'c2s_gateway_port'])(
    'takes no harm of %s, and says that nobody reads it',
    (name) => {
      expect(problemsOf({ [name]: '1' })).toEqual([]);
      expect(environmentWarnings({ [name]: '1' })).toEqual([
        expect.stringMatching(new RegExp(`^${name}: is not read`)),
      ]);
    },
  );

  it('needs the C2S token once the base URL is set', () => {
    expect(problemsOf({ C2S_BASE_URL: 'https://crm.example' })).toEqual([
      'C2S_TOKEN: is required when C2S_BASE_URL is set',
    ]);
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', 'facade.internal', '128.0.0.1'])(
    'needs an admin token when the admin listener is bound to %s',
    (host) => {
      expect(problemsOf({ ADMIN_HOST: host })).toEqual([
        'ADMIN_TOKEN: is required when ADMIN_HOST is not a loopback address: the admin API can flip routes',
      ]);
      expect(problemsOf({ ADMIN_HOST: host, ADMIN_TOKEN: strong('a') })).toEqual([]);
    },
  );

  it.each(['127.0.0.1', '127.9.9.9', '::1', 'localhost'])('needs none on %s', (host) => {
    expect(problemsOf({ ADMIN_HOST: host })).toEqual([]);
  });

  it('keeps the admin listener off the public port', () => {
    expect(problemsOf({ ADMIN_PORT: '8080' })).toEqual([
      'ADMIN_PORT: is the same as PORT; the admin listener is never the public one',
    ]);
    expect(problemsOf({ PORT: '0', ADMIN_PORT: '0' })).toEqual([]);
  });

  it('names a bad facade token by its place', () => {
    expect(problemsOf({ FACADE_TOKENS: `${strong('a')},short,,${strong('a')},${'é'.repeat(16)}` })).toEqual([
      'FACADE_TOKENS: token 2 of 5 must have 16 characters at least; "openssl rand -hex 24" makes one',
      'FACADE_TOKENS: token 3 of 5 is empty',
      'FACADE_TOKENS: token 4 of 5 repeats token 1',
      'FACADE_TOKENS: token 5 of 5 must be printable ASCII without spaces',
    ]);
  });

  it('has no store at all with DATABASE_URL=none', () => {
    expect(readEnvironment({ DATABASE_URL: 'none' })).toMatchObject({ environment: { database: { kind: 'none' } } });
    expect(problemsOf({ DATABASE_URL: 'None' })).toEqual([
      'DATABASE_URL: must begin with postgres:// or postgresql://, or be none',
    ]);
  });

  it('names a bad data key by its place', () => {
    const good = Buffer.alloc(32, 255).toString('base64url');
    expect(problemsOf({ DATA_KEY: good })).toEqual([]);
    expect(problemsOf({ DATA_KEY: `${good},${good}A,${'0'.repeat(63)}` })).toEqual([
      'DATA_KEY: key 2 of 3 must be 32 bytes in base64 or hex (openssl rand -base64 32)',
      'DATA_KEY: key 3 of 3 must be 32 bytes in base64 or hex (openssl rand -base64 32)',
    ]);
  });

  it('traces nothing without an endpoint, and by the names of OpenTelemetry with one', () => {
    const otlpOf = (env: Record<string, string>) => {
      const read = readEnvironment(env);
      return read.ok ? read.environment.otlp : read.problems;
    };
    expect(otlpOf({ OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' })).toBeUndefined();
    const endpoint = 'http://collector:4318';
    expect(otlpOf({ OTEL_EXPORTER_OTLP_ENDPOINT: `${endpoint}/` })).toEqual({
      endpoint,
      headers: {},
      serviceName: 'c2s-facade',
      sampler: 'parentbased_always_on',
      ratio: 1,
    });
    expect(
      otlpOf({
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20key, x-other=b==',
        OTEL_SERVICE_NAME: 'crm',
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '.25',
      }),
    ).toMatchObject({
      headers: { 'x-key': 'a key', 'x-other': 'b==' },
      serviceName: 'crm',
      sampler: 'parentbased_traceidratio',
      ratio: 0.25,
    });
  });

  it('names what is wrong with traces, and a header by its place', () => {
    expect(
      problemsOf({
        OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
        OTEL_EXPORTER_OTLP_HEADERS: 'x-key=fine,hush,x-other=%zz,x-more=a%0Ab',
        OTEL_TRACES_SAMPLER: 'sometimes',
        OTEL_TRACES_SAMPLER_ARG: '1.5',
      }),
    ).toEqual([
      'OTEL_EXPORTER_OTLP_ENDPOINT: is neither http nor https; write http://host:port or https://host, a path may follow',
      'OTEL_EXPORTER_OTLP_HEADERS: pair 2 of 4 must be name=value',
      'OTEL_EXPORTER_OTLP_HEADERS: pair 3 of 4 must be name=value',
      'OTEL_EXPORTER_OTLP_HEADERS: pair 4 of 4 must be name=value',
      'OTEL_TRACES_SAMPLER: must be always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off or parentbased_traceidratio',
      'OTEL_TRACES_SAMPLER_ARG: must be a number from 0 to 1, such as 0.1',
    ]);
  });

  it('never repeats a value: any may be a secret', () => {
    const marked = Object.fromEntries(
      [
        'HOST PORT ADMIN_HOST ADMIN_PORT ADMIN_TOKEN C2S_BASE_URL C2S_TOKEN C2S_GATEWAY_URL C2S_GATEWAY_TOKEN',
        'FACADE_TOKENS LOG_LEVEL DATABASE_URL DATA_KEY WORK_API_URL DIRETRIX_BASE_URL WEBHOOK_SECRET',
        'OTEL_EXPORTER_OTLP_ENDPOINT OTEL_EXPORTER_OTLP_HEADERS OTEL_TRACES_SAMPLER OTEL_TRACES_SAMPLER_ARG',
      ]
        .flatMap((names) => names.split(' '))
        .map((name) => [name, 'hush hush,hush hush']),
    );
    const problems = problemsOf(marked);
    expect(problems.length).toBeGreaterThanOrEqual(15);
    expect(problems.join('\n')).not.toContain('hush');
  });
});
