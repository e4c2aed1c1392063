import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { readEnvironment, VARIABLE_NAMES } from '../../../src/c2s/environment.ts';
import { readEnvironment as readGatewayEnvironment } from '../../../src/c2s/gateway/environment.ts';
import { drainDelay, FACADE_DRAIN, GATEWAY_DRAIN, isBuiltFromSource, seconds, SECRETS } from './kit.ts';

interface Service {
  readonly image?: string;
  readonly restart?: string;
  readonly logging?: { readonly driver: string; readonly options: Record<string, string> };
  readonly pids_limit?: number;
  readonly mem_limit?: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly build?: { readonly context: string; readonly target: string };
  readonly environment?: Record<string, string>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly stop_grace_period?: string;
  readonly depends_on?: Record<string, object>;
}
interface Compose {
  readonly include: readonly { readonly path: string }[];
  readonly services: Record<'facade' | 'gateway' | 'postgres', Service>;
  readonly volumes: Record<string, null>;
}

const compose = parse(readFileSync('deploy/compose.yaml', 'utf8'), { merge: true }) as Compose;
const { facade, gateway, postgres } = compose.services;

/** As compose does it, with what .env would hold. */
const filled = ({ environment = {} }: Service): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value.replace(/\$\{(\w+):\?[^}]*\}/g, (_, variable: string) => ENV[variable] ?? ''),
    ]),
  );
const ENV: Record<string, string> = {
  ...SECRETS,
  C2S_BASE_URL: 'https://crm.invalid',
  POSTGRES_PASSWORD: 'a-password',
};
/** What compose refuses to go on without. */
const REQUIRED = ['ADMIN_TOKEN', 'C2S_BASE_URL', 'C2S_GATEWAY_TOKEN', 'C2S_TOKEN', 'POSTGRES_PASSWORD'];

test('it has everything: facade, gateway, Postgres; Prometheus and Grafana come with the file of the dashboards', () => {
  expect(Object.keys(compose.services)).toEqual(['facade', 'gateway', 'postgres']);
  const [included] = compose.include.map(({ path }) => join('deploy', path));
  const { services } = parse(readFileSync(included ?? '', 'utf8')) as { services: Record<string, Service> };
  expect(Object.keys(services)).toEqual(expect.arrayContaining(['prometheus', 'grafana']));
});

test('the facade starts on its environment', () => {
  const env = filled(facade);
  expect(VARIABLE_NAMES).toEqual(expect.arrayContaining(Object.keys(env)));
  const read = readEnvironment({ ...ENV, ...env });
  expect(read).toMatchObject({ ok: true, environment: { host: '0.0.0.0', database: { kind: 'url' } } });
});

test('the gateway starts on its environment', () => {
  expect(() => readGatewayEnvironment(filled(gateway))).not.toThrow();
});

test('the services find one another', () => {
  expect(facade.environment?.['C2S_GATEWAY_URL']).toBe(`http://gateway:${gateway.environment?.['GATEWAY_PORT']}`);
  const database = new URL(filled(facade)['DATABASE_URL'] ?? '');
  expect(database.host).toBe('postgres:5432');
  expect(database.username).toBe(postgres.environment?.['POSTGRES_USER']);
  expect(database.pathname).toBe(`/${postgres.environment?.['POSTGRES_DB']}`);
  expect(Object.keys(facade.depends_on ?? {}).sort()).toEqual(['gateway', 'postgres']);
});

test('Prometheus finds the admin listener where it is published, on loopback alone', () => {
  expect(facade.ports).toEqual(['8080:8080', '127.0.0.1:9901:9901']);
  const { scrape_configs } = parse(readFileSync('grafana/prometheus/prometheus.yml', 'utf8')) as {
    scrape_configs: { static_configs: { targets: string[] }[] }[];
  };
  expect(scrape_configs[0]?.static_configs[0]?.targets).toEqual(['127.0.0.1:9901']);
});

test('our own services have a root that cannot be written, and no rights', () => {
  for (const service of [facade, gateway]) {
    expect(service.read_only).toBe(true);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(readFileSync('Dockerfile', 'utf8')).toContain(` AS ${service.build?.target}\n`);
    expect(existsSync(join('deploy', service.build?.context ?? '', 'Dockerfile'))).toBe(true);
  }
});

test('nothing is cut that is under way', () => {
  expect(seconds(facade.stop_grace_period ?? 0)).toBeGreaterThan(
    FACADE_DRAIN + drainDelay(facade.environment, 'DRAIN_DELAY'),
  );
  expect(seconds(gateway.stop_grace_period ?? 0)).toBeGreaterThan(
    GATEWAY_DRAIN + drainDelay(gateway.environment, 'GATEWAY_DRAIN_DELAY'),
  );
});

test('what is mounted exists, or is a volume of its own', () => {
  for (const mount of [facade, gateway, postgres].flatMap(({ volumes = [] }) => volumes)) {
    const [from = ''] = mount.split(':');
    expect(from.startsWith('.') ? existsSync(join('deploy', from)) : from in compose.volumes, mount).toBe(true);
  }
});

test('what must not be empty is required, and the key of the gateway is minted by its own image', () => {
  const text = readFileSync('deploy/compose.yaml', 'utf8');
  const required = new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name));
  expect([...required].sort()).toEqual(REQUIRED);
  expect(text).not.toMatch(/\$\{\w+\}/);
  const [, file = ''] = /docker build -q --target gateway \.\)" node (\S+) facade/.exec(text) ?? [];
  expect(isBuiltFromSource(file)).toBe(true);
});

test('no service fills the disk, the memory or the table of processes', () => {
  for (const [name, service] of Object.entries(compose.services)) {
    expect(service.restart, name).toBe('unless-stopped');
    expect(service.logging, name).toEqual({ driver: 'local', options: { 'max-size': '50m', 'max-file': '5' } });
    expect([service.pids_limit, typeof service.mem_limit], name).toEqual([256, 'string']);
  }
});

test('images that are not built here have an exact version', () => {
  const [included = ''] = compose.include.map(({ path }) => join('deploy', path));
  const others = parse(readFileSync(included, 'utf8')) as { services: Record<string, Service> };
  const images = [...Object.values(compose.services), ...Object.values(others.services)].flatMap(
    ({ image }) => image ?? [],
  );
  expect(images.length).toBe(4);
  for (const image of images) expect(image).toMatch(/:v?\d+\.\d+(\.\d+)?$/);
});

test('Postgres is ready when it answers over TCP: its image sets itself up with a server on the socket alone', () => {
  expect(postgres.healthcheck?.test).toContain('--host=127.0.0.1');
});
