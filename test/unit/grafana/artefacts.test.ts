import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { artefacts } from '../../../grafana/src/artefacts.ts';
import { JOB } from '../../../grafana/src/settings.ts';

test.each(Object.entries(artefacts()))('grafana/%s is what its source makes (else: npm run grafana)', (path, text) => {
  expect(readFileSync(`grafana/${path}`, 'utf8')).toBe(text);
});

const yaml = <T>(file: string): T => parse(readFileSync(`grafana/${file}`, 'utf8')) as T;

test('the compose file mounts only what exists, and listens on loopback only', () => {
  interface Service {
    readonly image: string;
    readonly network_mode: string;
    readonly volumes: readonly string[];
  }
  const compose = yaml<{ services: Record<string, Service>; volumes: object }>('compose.yaml');
  for (const { image, network_mode, volumes } of Object.values(compose.services)) {
    expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
    expect(network_mode).toBe('host');
    for (const source of volumes.map((volume) => volume.split(':')[0] ?? '')) {
      expect(source.startsWith('.') ? existsSync(join('grafana', source)) : source in compose.volumes, source).toBe(
        true,
      );
    }
  }
  const text = readFileSync('grafana/compose.yaml', 'utf8');
  for (const address of text.matchAll(/listen-address=(\S+)/g)) expect(address[1]).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(text).toContain('GF_SERVER_HTTP_ADDR: 127.0.0.1');
});

test('the scrape job is the one that rules and dashboards know', () => {
  const { scrape_configs } = yaml<{ scrape_configs: { job_name: string }[] }>('prometheus/prometheus.yml');
  expect(scrape_configs.map(({ job_name }) => job_name)).toEqual([JOB]);
});

test('Grafana is told of the data source, and finds the dashboards where compose mounts them', () => {
  const { datasources } = yaml<{ datasources: { type: string; url: string }[] }>(
    'provisioning/datasources/prometheus.yaml',
  );
  expect(datasources).toMatchObject([{ type: 'prometheus', url: 'http://127.0.0.1:9090' }]);
  const { providers } = yaml<{ providers: { options: { path: string } }[] }>('provisioning/dashboards/facade.yaml');
  expect(readFileSync('grafana/compose.yaml', 'utf8')).toContain(`./dashboards:${providers[0]?.options.path}:ro`);
});
