import { describe, expect, it } from 'vitest';
import { environmentWarnings, sandboxFaults } from '../../../../src/c2s/environment.ts';
import { ownPrefixes, sandboxFaults as faultsOf } from '../../../../src/facade/config/variable-names.ts';

const URL = 'https://crm.example';
const PAIR = {
  direct: { url: 'ACME_OLD_URL', token: 'ACME_OLD_TOKEN' },
  gateway: { url: 'ACME_NEW_URL', token: 'ACME_NEW_TOKEN' },
};

describe('what has our prefix and is read by nothing', () => {
  it.each([
    [{ C2S_GATEWAYURL: URL }, ['C2S_GATEWAYURL: is not read by anything; did you mean C2S_GATEWAY_URL?']],
    [{ c2s_gateway_url: URL }, ['c2s_gateway_url: is not read by anything; did you mean C2S_GATEWAY_URL?']],
    [{ FACADE_TOKEN: 'x' }, ['FACADE_TOKEN: is not read by anything; did you mean FACADE_TOKENS?']],
    [{ FACADE_QWERTYUIOP: 'x' }, ['FACADE_QWERTYUIOP: is not read by anything; remove it']],
    [{ C2S_LEAD_FORM: 'flat', C2S_TOKEN_FILE: '/run/token' }, []],
    // Set to nothing, a stranger's, or what Kubernetes adds beside a service of our name.
    [{ C2S_GATEWAYURL: '' }, []],
    [{ DATABASE_HOST: 'db', ACME_URL: URL, PATH: '/bin' }, []],
    [{ C2S_FACADE_SERVICE_HOST: '10.0.0.1', C2S_FACADE_SERVICE_PORT_HTTP: '80' }, []],
    [{ C2S_FACADE_PORT: 'tcp://10.0.0.1:80', C2S_FACADE_PORT_80_TCP_ADDR: '10.0.0.1' }, []],
  ])('%o', (env, told) => {
    expect(environmentWarnings({ C2S_BASE_URL: URL, ...env })).toEqual(told);
  });

  it('is no slip where the rollout table names it', () => {
    const env = { C2S_BASE_URL: URL, FACADE_HOOK_URL: URL };
    expect(environmentWarnings(env, 'url: ${FACADE_HOOK_URL}')).toEqual([]);
    expect(environmentWarnings(env, 'url: FACADE_HOOK_URL')).toHaveLength(1);
  });
});

describe('without the base URL', () => {
  const isSet = (name: string) =>
    `${name}: is set and C2S_BASE_URL is not; set C2S_BASE_URL, or unset ${name} to start the sandbox`;

  it.each([
    [{}, []],
    [{ PORT: '1', LOG_LEVEL: 'info', DATA_DIR: 'x', NODE_ENV: 'development', DATABASE_URL: 'none' }, []],
    [{ C2S_BASE_URL: '', C2S_TOKEN: '', DATABASE_URL: '' }, []],
    [{ C2S_BASEURL: URL }, ['C2S_BASEURL: is not read by anything; did you mean C2S_BASE_URL?']],
    [{ C2S_TOKEN: 'x', C2S_GATEWAY_URL: URL }, [isSet('C2S_GATEWAY_URL'), isSet('C2S_TOKEN')]],
    [{ FACADE_CONFIG: 'x' }, [isSet('FACADE_CONFIG')]],
    [{ DATABASE_URL: 'postgres://db/x' }, [isSet('DATABASE_URL')]],
    [
      { NODE_ENV: 'production' },
      ['C2S_BASE_URL: is not set, and NODE_ENV=production never starts a sandbox; set C2S_BASE_URL'],
    ],
    [{ NODE_ENV: 'production', C2S_BASE_URL: URL }, []],
    [{ C2S_BASE_URL: URL, C2S_TOKEN: 'x', DATABASE_URL: 'postgres://db/x' }, []],
  ])('%o', (env, faults) => {
    expect(sandboxFaults(env)).toEqual(faults);
  });
});

it('the prefix of another pair is what its four names have in common', () => {
  expect(ownPrefixes(PAIR)).toEqual(['FACADE_', 'ACME_']);
  expect(ownPrefixes({ ...PAIR, gateway: { url: 'NEW_URL', token: 'NEW_TOKEN' } })).toEqual(['FACADE_']);
  expect(faultsOf({ ACME_OLD_UR: 'x' }, ['ACME_OLD_URL'], PAIR)).toEqual([
    'ACME_OLD_UR: is not read by anything; did you mean ACME_OLD_URL?',
  ]);
});
