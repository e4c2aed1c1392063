import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { parse as parseYaml } from 'yaml';
import { describe, expect, test } from 'vitest';
import { readEnvironment, VARIABLE_NAMES } from '../../../src/c2s/environment.ts';
import { facadeConfigSchema } from '../../../src/facade/config/schema.ts';
import { readEnvironment as readGatewayEnvironment } from '../../../src/c2s/gateway/environment.ts';
import { drainDelay, FACADE_DRAIN, GATEWAY_DRAIN, seconds, SECRETS } from './kit.ts';

interface Fly {
  readonly app: string;
  readonly primary_region: string;
  readonly kill_signal: string;
  readonly kill_timeout: string;
  readonly build: { readonly dockerfile: string; readonly 'build-target': string };
  readonly deploy: { readonly strategy: string };
  readonly env: Record<string, string>;
  readonly http_service: {
    readonly internal_port: number;
    readonly auto_stop_machines: string;
    readonly auto_start_machines: boolean;
    readonly force_https: boolean;
    readonly concurrency: { readonly soft_limit: number; readonly hard_limit: number };
    readonly checks: readonly { readonly path: string; readonly interval: string; readonly timeout: string }[];
  };
  readonly checks: { readonly ready: { readonly port: number; readonly path: string } };
  readonly metrics: { readonly port: number; readonly path: string };
}

const read = (file: string) => parse(readFileSync(file, 'utf8')) as unknown as Fly;
const facade = read('fly.toml');
const gateway = read('fly.gateway.toml');

describe.each([
  {
    name: 'fly.toml',
    fly: facade,
    target: 'facade',
    public: 'PORT',
    admin: 'ADMIN_PORT',
    delay: 'DRAIN_DELAY',
    drain: FACADE_DRAIN,
  },
  {
    name: 'fly.gateway.toml',
    fly: gateway,
    target: 'gateway',
    public: 'GATEWAY_PORT',
    admin: 'GATEWAY_ADMIN_PORT',
    delay: 'GATEWAY_DRAIN_DELAY',
    drain: GATEWAY_DRAIN,
  },
])('$name', ({ fly, target, public: publicPort, admin, delay, drain }) => {
  test('builds the target that the Dockerfile has', () => {
    expect(fly.build['build-target']).toBe(target);
    expect(readFileSync(fly.build.dockerfile, 'utf8')).toContain(` AS ${target}\n`);
  });

  test('names the ports that it sets', () => {
    expect(String(fly.http_service.internal_port)).toBe(fly.env[publicPort]);
    expect(String(fly.metrics.port)).toBe(fly.env[admin]);
    expect(String(fly.checks.ready.port)).toBe(fly.env[admin]);
    expect(fly.env[publicPort]).not.toBe(fly.env[admin]);
  });

  test('asks the pages that there are', () => {
    expect(fly.metrics.path).toBe('/metrics');
    expect(fly.checks.ready.path).toBe('/readyz');
    expect(fly.http_service.checks.map(({ path }) => path)).toEqual(['/health']);
  });

  test('waits longer for the end than the process does', () => {
    expect(fly.kill_signal).toBe('SIGTERM');
    const [check] = fly.http_service.checks;
    const unseen = seconds(check?.interval ?? '') + seconds(check?.timeout ?? '');
    expect(seconds(fly.kill_timeout)).toBeGreaterThan(drain + drainDelay(fly.env, delay, unseen));
  });

  test('runs near its callers, always, and is replaced one by one', () => {
    expect(fly.primary_region).toBe('gru');
    // How many machines there are says `fly scale count`; none of them is stopped.
    expect(fly.http_service).not.toHaveProperty('min_machines_running');
    expect(fly.http_service).toMatchObject({ auto_stop_machines: 'off', auto_start_machines: false });
    expect(fly.deploy.strategy).toBe('rolling');
    expect(fly.http_service.concurrency.soft_limit).toBeLessThan(fly.http_service.concurrency.hard_limit);
  });

  test('holds no secret', () => {
    for (const name of Object.keys(fly.env)) expect(name).not.toMatch(/TOKEN|PASS|SECRET|KEY$|DATABASE_URL/);
  });
});

test('the facade starts on the environment of fly.toml and its secrets', () => {
  expect(VARIABLE_NAMES).toEqual(expect.arrayContaining(Object.keys(facade.env)));
  expect(readEnvironment({ ...facade.env, ...SECRETS })).toMatchObject({ ok: true });
  // The admin listener is beyond loopback, so the token is not optional.
  expect(readEnvironment({ ...facade.env, ...SECRETS, ADMIN_TOKEN: undefined })).toMatchObject({ ok: false });
});

test('the gateway starts on the environment of fly.gateway.toml', () => {
  const { options } = readGatewayEnvironment({ ...gateway.env, C2S_TOKEN: SECRETS.C2S_TOKEN });
  expect(options.port).toBe(gateway.http_service.internal_port);
});

test('the gateway is private, and the facade asks it through the balancer, without TLS', () => {
  expect(gateway.http_service.force_https).toBe(false);
  expect(facade.http_service.force_https).toBe(true);
  expect(facade.env['C2S_GATEWAY_URL']).toBe(`http://${gateway.app}.flycast`);
});

describe('docs/deploy-fly.md', () => {
  const page = readFileSync('docs/deploy-fly.md', 'utf8');
  const commands = page.split('\n').filter((line) => line.startsWith('    '));

  test('goes create, address, secrets, deploy, count, status, look for each app, in this order', () => {
    const order = (app: Fly, config: string) => [
      `fly apps create ${app.app}`,
      `fly secrets set --app ${app.app}`,
      `fly deploy --config ${config}`,
      `fly scale count 2 --app ${app.app}`,
      `fly status --app ${app.app}`,
    ];
    const places = [...order(gateway, 'fly.gateway.toml'), ...order(facade, 'fly.toml')].map((command) => {
      const at = commands.findIndex((line) => line.includes(command));
      expect(at, command).toBeGreaterThanOrEqual(0);
      return at;
    });
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test('sets every secret, and no other', () => {
    const text = commands.join('\n');
    const set = [...text.matchAll(/\b([A-Z][A-Z0-9_]+)=/g)].map(([, name]) => name ?? '');
    const [gateways, facades] = [
      ['C2S_TOKEN'],
      ['ADMIN_TOKEN', 'C2S_GATEWAY_TOKEN', 'C2S_TOKEN', 'DATABASE_URL', 'FACADE_TOKENS'],
    ];
    expect(set.sort()).toEqual([...gateways, ...facades].sort());
  });

  test('names the range of the balancer as the table takes it', () => {
    const yaml = /```yaml\n([^`]*)```/.exec(page)?.[1] ?? '';
    const { server } = parseYaml(yaml) as { server: object };
    expect(facadeConfigSchema.shape.server.safeParse(server)).toMatchObject({ success: true });
  });
});
