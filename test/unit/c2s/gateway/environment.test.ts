import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../../../src/c2s/gateway/environment.ts';
import { checkOptions } from '../../../../src/c2s/gateway/settings.ts';

const least = { C2S_BASE_URL: 'https://c2s.example', C2S_TOKEN: 'a' };

describe('the environment', () => {
  it('has defaults for all but the base URL and a token', () => {
    expect(readEnvironment({ ...least, GATEWAY_CALLERS: '' })).toEqual({
      logLevel: 'info',
      warnings: [],
      options: {
        host: '127.0.0.1',
        port: 8001,
        c2sBaseUrl: 'https://c2s.example',
        c2sToken: ['a'],
        leadForm: 'flat',
        strict: false,
        admin: { host: '127.0.0.1', port: 9902 },
      },
    });
  });

  it('may hold everything', () => {
    const { options } = readEnvironment({
      ...least,
      C2S_TOKEN: 'new, old',
      C2S_LEAD_FORM: 'jsonapi',
      GATEWAY_STRICT: 'true',
      GATEWAY_RATE_BUDGET: '10/60s',
      GATEWAY_RATE_WAIT_MS: '500',
      GATEWAY_DRAIN_DELAY: '10s',
      ADS_GATEWAY_URL: 'http://ads.example',
      GATEWAY_CALLERS: 'callers.json',
    });
    expect(options).toMatchObject({
      c2sToken: ['new', 'old'],
      leadForm: 'jsonapi',
      strict: true,
      drainDelayMs: 10_000,
      rateBudget: { requests: 10, periodMs: 60_000, maxWaitMs: 500 },
      adsGatewayUrl: 'http://ads.example',
      callersFile: 'callers.json',
    });
  });

  it.each(['C2S_GATEWAY_PORT', 'c2s_gateway_port'])('takes the port of the Python gateway: %s', (name) => {
    const { options, warnings } = readEnvironment({ ...least, [name]: '8123' });
    expect(options.port).toBe(8123);
    expect(warnings).toEqual([`${name}: is the former name of GATEWAY_PORT and is read as that; write GATEWAY_PORT`]);
    expect(() => readEnvironment({ ...least, [name]: '8123', GATEWAY_PORT: '8124' })).toThrow(
      'write GATEWAY_PORT alone',
    );
  });

  it('names a variable of the Python gateway that it does not read', () => {
    expect(() => readEnvironment({ c2s_token: 'secret', c2s_base_url: least.C2S_BASE_URL })).toThrow(
      /c2s_token: .*write C2S_TOKEN\nc2s_base_url: .*write C2S_BASE_URL/,
    );
  });

  it('has all its faults named at once, and no values', () => {
    const wrong = {
      C2S_BASE_URL: 'ftp://x',
      GATEWAY_PORT: 'secret',
      GATEWAY_RATE_BUDGET: '10',
      GATEWAY_STRICT: 'yes',
      GATEWAY_DRAIN_DELAY: '10',
    };
    const read = (): unknown => readEnvironment(wrong);
    for (const name of Object.keys(wrong)) expect(read).toThrow(name);
    expect(read).not.toThrow('secret');
  });

  it.each(['10', '10/60', '0/60s', '10/0s', '1.5/1s', '/60s', '10/', '10/60s/1', '10/25h'])(
    'refuses the rate budget %s',
    (budget) => {
      const read = () => readEnvironment({ ...least, GATEWAY_RATE_BUDGET: budget });
      expect(read).toThrow('GATEWAY_RATE_BUDGET');
    },
  );

  it('needs a token or a token file', () => {
    expect(() => readEnvironment({ C2S_BASE_URL: 'http://x' })).toThrow(/C2S_TOKEN or C2S_TOKEN_FILE/);
  });
});

describe('the options', () => {
  const c2sBaseUrl = 'http://127.0.0.1:1';
  const key = { name: 'a', sha256: '0'.repeat(64), access: 'full' } as const;

  it.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost'])('may be without keys on %s', (host) => {
    expect(() => checkOptions({ c2sBaseUrl, host })).not.toThrow();
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.com'])('must have keys on %s', (host) => {
    expect(() => checkOptions({ c2sBaseUrl, host })).toThrow(/loopback only/);
    expect(() => checkOptions({ c2sBaseUrl, host, callers: [key] })).not.toThrow();
    expect(() => checkOptions({ c2sBaseUrl, host, callersFile: 'callers.json' })).not.toThrow();
  });

  it('are refused with an odd address or with two sources of tokens', () => {
    expect(() => checkOptions({ c2sBaseUrl: 'file:///etc' })).toThrow('c2sBaseUrl');
    expect(() => checkOptions({ c2sBaseUrl, adsGatewayUrl: 'x' })).toThrow('adsGatewayUrl');
    expect(() => checkOptions({ c2sBaseUrl, c2sToken: 'a', c2sTokenFile: 'b' })).toThrow(/not both/);
  });
});
