import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readEnvironment, VARIABLE_NAMES } from '../../../src/c2s/environment.ts';
import { readEnvironment as readGatewayEnvironment } from '../../../src/c2s/gateway/environment.ts';
import { drainDelay, FACADE_DRAIN, GATEWAY_DRAIN, SECRETS } from './kit.ts';

const FOLDER = 'deploy/kubernetes';

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}
interface Container {
  readonly image: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly envFrom: readonly { readonly secretRef: { readonly name: string } }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext: object;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}
interface Deployment extends Resource {
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly metadata: { readonly labels: Record<string, string> };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: object;
        readonly containers: readonly [Container];
        readonly volumes: readonly { readonly name: string }[];
      };
    };
  };
}

const kustomization = parse(readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8')) as {
  resources: string[];
  configMapGenerator: { name: string; files: string[] }[];
  secretGenerator: { name: string; envs: string[] }[];
  images: { name: string; newTag: string }[];
};
const read = (text: string): Resource[] => parseAllDocuments(text).map((one) => one.toJS() as Resource);
const resources = kustomization.resources.flatMap((file) => read(readFileSync(join(FOLDER, file), 'utf8')));
const find = <T extends Resource>(kind: string, name: string) =>
  resources.find((one) => one.kind === kind && one.metadata.name === name) as T;

/**
 * By the schemas of Kubernetes and of the Prometheus operator. They let unknown fields pass, which an API server drops or
 * refuses: so each field must be one that the schema looks at.
 * @throws Error that names the field.
 */
async function validate(resource: Resource): Promise<void> {
  const { apiVersion, kind } = resource;
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const isOfOperator = group.startsWith('monitoring.');
  const room = isOfOperator ? `@kubernetes-models/prometheus-operator/${group}` : 'kubernetes-models';
  const path = group === '' || isOfOperator ? version : `${group}/${version}`;
  const { [kind]: Model } = (await import(`${room}/${path}/${kind}`)) as Record<
    string,
    { readonly prototype: { validate: (this: object) => void } }
  >;
  if (!Model) throw new Error(`no schema of ${apiVersion} ${kind}`);
  const unread = new Set<string>();
  Model.prototype.validate.call(watched(resource, kind, unread));
  if (unread.size > 0) throw new Error(`unknown: ${[...unread].join(', ')}`);
}

/** `value`, which takes out of `unread` what is read of it. */
function watched<T extends object>(value: T, path: string, unread: Set<string>): T {
  const of = (key: string) => `${path}.${key}`;
  const children = new Map<string, unknown>();
  for (const [key, child] of Object.entries(value)) {
    if (!Array.isArray(value)) unread.add(of(key));
    children.set(key, child !== null && typeof child === 'object' ? watched(child as object, of(key), unread) : child);
  }
  return new Proxy(value, {
    get(target, key, receiver) {
      if (typeof key !== 'string' || !children.has(key)) return Reflect.get(target, key, receiver) as unknown;
      unread.delete(of(key));
      return children.get(key);
    },
  });
}

test.each(resources.map((one) => [one.kind, one.metadata.name, one] as const))('%s %s is valid', (_, __, resource) =>
  expect(validate(resource)).resolves.toBeUndefined(),
);

test('a field that does not exist is found', async () => {
  const { spec, ...rest } = find<Deployment>('Deployment', 'facade');
  await expect(validate({ ...rest, spec: { ...spec, replica: 2 } } as Resource)).rejects.toThrow(/replica/);
});

test('every file of the folder is used', () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml') && name !== 'table.yaml');
  expect(files.sort()).toEqual(['kustomization.yaml', ...kustomization.resources].sort());
});

describe.each([
  {
    name: 'facade',
    image: 'c2s-facade',
    delay: 'DRAIN_DELAY',
    drain: FACADE_DRAIN,
    listener: 'PORT',
    admin: 'ADMIN_PORT',
  },
  {
    name: 'gateway',
    image: 'c2s-gateway',
    delay: 'GATEWAY_DRAIN_DELAY',
    drain: GATEWAY_DRAIN,
    listener: 'GATEWAY_PORT',
    admin: 'GATEWAY_ADMIN_PORT',
  },
])('$name', ({ name, image, delay, drain, listener, admin }) => {
  const { replicas, template } = find<Deployment>('Deployment', name).spec;
  const [container] = template.spec.containers;
  const env = Object.fromEntries(container.env.map(({ name: variable, value }) => [variable, value]));

  test('runs twice, without rights, on a root that cannot be written', () => {
    expect(replicas).toBe(2);
    expect(template.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('is of the version of this package', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(container.image).toBe(image);
    expect(kustomization.images).toContainEqual({ name: image, newTag: version });
  });

  test('has the ports that it listens on', () => {
    const ports = Object.fromEntries(container.ports.map((port) => [port.name, String(port.containerPort)]));
    expect(ports).toEqual({ http: env[listener], admin: env[admin] });
  });

  test('leaves when it is not ready, and is killed only when it is dead', () => {
    expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'admin' });
    expect(container.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'admin' });
  });

  test('has the time to finish what is under way', () => {
    const asked = container.lifecycle.preStop.sleep.seconds + drainDelay(env, delay) + drain;
    expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(asked);
  });

  test('mounts what it has', () => {
    const volumes = template.spec.volumes.map((volume) => volume.name);
    for (const mount of container.volumeMounts) expect(volumes).toContain(mount.name);
  });
});

test('the facade starts on its environment and its secrets', () => {
  const [container] = find<Deployment>('Deployment', 'facade').spec.template.spec.containers;
  const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
  expect(VARIABLE_NAMES).toEqual(expect.arrayContaining(Object.keys(env)));
  const secrets = variablesOf('facade.env.example');
  expect(VARIABLE_NAMES).toEqual(expect.arrayContaining(secrets));
  expect(Object.keys(env).filter((name) => secrets.includes(name))).toEqual([]);
  const own = Object.fromEntries(secrets.map((name) => [name, (SECRETS as Record<string, string>)[name]]));
  expect(readEnvironment({ ...env, ...own })).toMatchObject({ ok: true, environment: { database: { kind: 'url' } } });
  expect(env['FACADE_CONFIG']).toBe('/config/facade.yaml');
  expect(kustomization.configMapGenerator[0]?.files).toEqual(['facade.yaml=table.yaml']);
});

test('the gateway starts on its environment, and the facade finds it', () => {
  const [container] = find<Deployment>('Deployment', 'gateway').spec.template.spec.containers;
  const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
  expect(variablesOf('gateway.env.example')).toEqual(['C2S_TOKEN']);
  expect(readGatewayEnvironment({ ...env, C2S_TOKEN: SECRETS.C2S_TOKEN }).options.port).toBe(8001);
  const [facade] = find<Deployment>('Deployment', 'facade').spec.template.spec.containers;
  expect(facade.env).toContainEqual({ name: 'C2S_GATEWAY_URL', value: 'http://gateway:8001' });
});

interface Policy extends Resource {
  readonly spec: { readonly ingress: readonly { readonly from?: object[]; readonly ports: object[] }[] };
}
test('only the facade reaches the gateway', () => {
  const [callers, ...others] = find<Policy>('NetworkPolicy', 'gateway').spec.ingress;
  expect(callers).toEqual({
    from: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'facade' } } }],
    ports: [{ port: 'http' }],
  });
  for (const { ports } of others) expect(ports).toEqual([{ port: 'admin' }]);
});

function variablesOf(file: string): string[] {
  return [...readFileSync(join(FOLDER, file), 'utf8').matchAll(/^([A-Z0-9_]+)=$/gm)].map(([, name]) => name ?? '');
}

/** The folder as docs/deploy-kubernetes.md has it filled. */
const filled = mkdtempSync(join(tmpdir(), 'kubernetes-'));
afterAll(() => rmSync(filled, { recursive: true }));
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

test.skipIf(!hasKubectl)('kubectl builds it, filled as the docs say, and all that comes out is valid', async () => {
  cpSync(FOLDER, filled, { recursive: true });
  const page = readFileSync('docs/deploy-kubernetes.md', 'utf8');
  const copies = [...page.matchAll(/^ {4}cp (\S+) (deploy\/kubernetes\/\S+)$/gm)];
  expect(copies.length).toBe(5);
  for (const [, from = '', to = ''] of copies) copyFileSync(from, join(filled, to.slice(FOLDER.length)));
  const built = read(execFileSync('kubectl', ['kustomize', filled], { encoding: 'utf8' }));
  // Two config maps and two secrets beside what is written.
  expect(built.length).toBe(resources.length + 4);
  for (const resource of built) await validate(resource);
});
