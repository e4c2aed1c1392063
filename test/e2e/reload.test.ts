import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { setAll, setRoute, startFacade, type TestFacade } from './kit/facade.ts';
import { inBatches, tally } from './kit/load.ts';
import { startUpstream, until } from './kit/upstream.ts';
import { answering, ask, opened, viewConfig } from './kit/reloading.ts';

afterEach(opened.closeAll);

const SUCCESS = 'facade_config_last_reload_success';

describe('a reload under load', () => {
  test('costs no request an error, while the file flips 20 times (pain P51)', async () => {
    const [direct, gateway] = [await answering('direct'), await answering('gateway')];
    const facade = opened.keep(await startFacade({ direct: direct.url, gateway: gateway.url }));
    let [flips, asked] = [0, 0];
    const seen: string[] = [];
    const load = inBatches(16, 16, async () => {
      while (flips < 20 || asked < 3_000) seen.push(await ask(facade.url, asked++));
    });
    for (; flips < 20; flips++) {
      // Each table serves some requests before the next one comes.
      const before = asked;
      await until(() => asked > before + 50, 'traffic flows');
      const isOdd = flips % 2 === 1;
      await facade.edit((config) => {
        setAll(config, isOdd ? 0 : 100);
        // A change of the upstream's own settings replaces its pool.
        config.setIn(['upstreams', 'gateway', 'maxInflight'], 64 + flips);
      });
    }
    await load;
    expect(Object.keys(tally(seen)).toSorted()).toEqual(['200 direct', '200 gateway']);
    expect(seen.length).toBeGreaterThanOrEqual(3_000);
    // On a busy machine the watcher may see an edit before it is asked to.
    expect(await facade.metric('facade_config_reloads_total{result="success"}')).toBeGreaterThanOrEqual(21);
    expect(await facade.metric(/^facade_requests_total\{.*route="leads.get".*outcome="ok"/)).toBe(seen.length);
    expect(await facade.metric(/^facade_requests_total\{.*outcome="(?!ok)/)).toBe(0);
  });

  test('lets requests under way finish on the old table, on the old upstream, with the old deadlines', async () => {
    const held: ServerResponse[] = [];
    const old = opened.keep(await startUpstream((_, res) => void held.push(res)));
    const [direct, next] = [await answering('direct'), await answering('next')];
    const facade = opened.keep(
      await startFacade({
        direct: direct.url,
        gateway: old.url,
        edit: (config) => setRoute(config, 'leads.get', ['rollout', 'gateway'], 100),
      }),
    );
    const early = inBatches(20, 20, (i) => ask(facade.url, i));
    await until(() => held.length === 20, '20 are under way');
    facade.variables['C2S_GATEWAY_URL'] = next.url;
    await facade.edit((config) => setRoute(config, 'leads.get', ['deadlines'], { firstByte: '1ms', total: '500ms' }));
    await facade.edit((config) => {
      setRoute(config, 'leads.get', ['deadlines'], { firstByte: '5s', total: '5s' });
      setRoute(config, 'leads.get', ['rollout', 'gateway'], 0);
    });
    expect(await ask(facade.url)).toBe('200 direct');
    expect(await facade.metric('facade_inflight{upstream="gateway"}')).toBe(20);
    held.forEach((res) => res.writeHead(200).end('{"from":"old"}'));
    expect(tally(await early)).toEqual({ '200 gateway': 20 });
    expect(next.received).toHaveLength(0);
  });
});

describe('a bad file', () => {
  async function serving(): Promise<TestFacade> {
    const [direct, gateway] = [await answering('direct'), await answering('gateway')];
    const edit = (config: Parameters<typeof setAll>[0]) => setAll(config, 100);
    return opened.keep(await startFacade({ direct: direct.url, gateway: gateway.url, edit }));
  }

  test('a variable that takes a restart is told in the log', async () => {
    const facade = await serving();
    facade.variables['C2S_GATEWAY_TOKEN'] = 'another-key-of-the-gateway';
    await facade.reload();
    const told = facade.logs.filter((line) => line.includes('restart the facade'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('"variables":["C2S_GATEWAY_TOKEN"]');
    expect(told[0]).not.toContain('another-key');
  });

  test('is refused with every problem; the old table stays; a good one is taken again', async () => {
    const facade = await serving();
    const good = readFileSync(facade.configFile, 'utf8');
    const { digest } = await viewConfig(facade);
    const bad = good
      .replace('id: leads.list', 'id: leads list')
      .replace('budget: 0.2', 'budget: 7')
      .replace('stickyBy: leadId', 'stickyBy: leadID')
      .replace('gateway: GET /tags', 'gateway: GET /sellers');
    await facade.write(bad);
    expect(await ask(facade.url)).toBe('200 gateway');
    expect(await facade.metric(SUCCESS)).toBe(0);
    expect(await facade.metric('facade_config_reloads_total{result="failure"}')).toBe(1);
    const view = await viewConfig(facade);
    expect(view.digest).toBe(digest);
    const problems = view.lastError?.problems ?? [];
    const report = JSON.stringify(problems);
    for (const part of ['leads list', 'budget', 'leadID', '/sellers']) expect(report).toContain(part);
    expect(problems.every(({ where, remedy }) => where !== '' && remedy !== '')).toBe(true);
    await facade.write(`${good}\n# good again\n`);
    expect(await facade.metric(SUCCESS)).toBe(1);
    expect((await viewConfig(facade)).lastError).toBeUndefined();
    expect((await viewConfig(facade)).digest).not.toBe(digest);
  });

  test.each([
    ['not YAML', 'routes: [{'],
    ['empty', ''],
    ['cut off in the middle of a row', undefined],
    ['another document', 'hello: world\n'],
    ['binary', '\u0000\u0001\u0002'],
  ])('that is %s is refused', async (_, text) => {
    const facade = await serving();
    const whole = readFileSync(facade.configFile, 'utf8');
    await facade.write(text ?? whole.slice(0, whole.lastIndexOf('rollout: {') + 12));
    expect(await facade.metric(SUCCESS)).toBe(0);
    expect(await ask(facade.url)).toBe('200 gateway');
    expect((await viewConfig(facade)).lastError?.problems.length).toBeGreaterThan(0);
  });

  test('that is gone is told, and taken when it is back', async () => {
    const facade = await serving();
    const good = readFileSync(facade.configFile, 'utf8');
    unlinkSync(facade.configFile);
    await until(async () => (await facade.metric(SUCCESS)) === 0, 'the loss is told');
    expect(await ask(facade.url)).toBe('200 gateway');
    expect(JSON.stringify((await viewConfig(facade)).lastError)).toContain('ENOENT');
    writeFileSync(facade.configFile, good);
    await until(async () => (await facade.metric(SUCCESS)) === 1, 'it is back');
  });
});

describe('the file is watched: a change acts within two seconds', () => {
  async function watched(configFile?: (dir: string, text: string) => string) {
    const [direct, gateway] = [await answering('direct'), await answering('gateway')];
    const facade = opened.keep(await startFacade({ direct: direct.url, gateway: gateway.url, configFile }));
    const flipped = readFileSync(facade.configFile, 'utf8').replace(/(id: leads\.get\n[^]*?gateway: )0,/, '$1100,');
    const acts = () => until(async () => (await ask(facade.url)) === '200 gateway', 'the flip acts', 2_000);
    expect(await ask(facade.url)).toBe('200 direct');
    return { facade, flipped, acts };
  }

  test('written in place', async () => {
    const { facade, flipped, acts } = await watched();
    writeFileSync(facade.configFile, flipped);
    await acts();
  });

  test('replaced by rename, and again', async () => {
    const { facade, flipped, acts } = await watched();
    const good = readFileSync(facade.configFile, 'utf8');
    const replace = (text: string): void => {
      writeFileSync(`${facade.configFile}.new`, text);
      renameSync(`${facade.configFile}.new`, facade.configFile);
    };
    replace(flipped);
    await acts();
    replace(good);
    await until(async () => (await ask(facade.url)) === '200 direct', 'and back', 2_000);
    replace(flipped);
    await acts();
  });

  test('swapped through a symlink as Kubernetes does it (pain P52)', async () => {
    // dir/facade.yaml → ..data/facade.yaml, ..data → ..2026_1; the swap renames a new ..data over the old one.
    const mount = (dir: string, text: string): string => {
      mkdirSync(join(dir, '..2026_1'));
      writeFileSync(join(dir, '..2026_1', 'facade.yaml'), text);
      symlinkSync('..2026_1', join(dir, '..data'));
      symlinkSync(join('..data', 'facade.yaml'), join(dir, 'facade.yaml'));
      return join(dir, 'facade.yaml');
    };
    const { facade, flipped, acts } = await watched(mount);
    const dir = join(facade.configFile, '..');
    mkdirSync(join(dir, '..2026_2'));
    writeFileSync(join(dir, '..2026_2', 'facade.yaml'), flipped);
    symlinkSync('..2026_2', join(dir, '..data_tmp'));
    renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
    rmSync(join(dir, '..2026_1'), { recursive: true });
    await acts();
  });
});

describe('a table that is copied in place, slowly', () => {
  /** The table up to the row of this number. */
  const cutBefore = (text: string, row: number): string => {
    const starts = [...text.matchAll(/^ {2}- id: /gm)].map(({ index }) => index);
    return text.slice(0, starts[row]);
  };
  async function serving() {
    const [direct, gateway] = [await answering('direct'), await answering('gateway')];
    const facade = opened.keep(await startFacade({ direct: direct.url, gateway: gateway.url }));
    const whole = readFileSync(facade.configFile, 'utf8');
    const routes = async () => {
      const view = (await (await fetch(`${facade.adminUrl}/api/routes`)).json()) as { routes: { id: string }[] };
      return view.routes.map(({ id }) => id);
    };
    return { facade, whole, routes, all: await routes() };
  }
  const LOADED = 'facade_config_reloads_total{result="success"}';

  test('never serves a part of itself; a flip meanwhile is refused and leaves the file alone', async () => {
    const { facade, whole, routes, all } = await serving();
    for (const row of [0, 6, 18, 25]) {
      const part = cutBefore(whole, row);
      writeFileSync(facade.configFile, part);
      const looked = facade.logs.filter((line) => line.includes('looks half written')).length;
      await until(
        () => facade.logs.filter((line) => line.includes('looks half written')).length > looked,
        'it was seen',
      );
      const flip = await fetch(`${facade.adminUrl}/api/flips`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-c2s-admin': '1' },
        body: JSON.stringify({ changes: [{ route: 'leads.get', set: { gateway: 5 } }], who: 'test' }),
      });
      expect([flip.status, await flip.text()]).toEqual([409, expect.stringContaining('looks half written')]);
      expect(readFileSync(facade.configFile, 'utf8')).toBe(part);
      expect(await routes()).toEqual(all);
    }
    expect(await facade.metric(LOADED)).toBe(1);
    writeFileSync(facade.configFile, `${whole}# copied\n`);
    await until(async () => (await facade.metric(LOADED)) === 2, 'the whole is served');
    expect(await routes()).toEqual(all);
  });

  test('and a row that is really deleted leaves when the file stays so; who asks is told', async () => {
    const { facade, whole, routes, all } = await serving();
    writeFileSync(facade.configFile, cutBefore(whole, all.length - 1));
    await until(async () => (await routes()).length === all.length - 1, 'it is taken', 10_000);
    const lost = all.slice(-1);
    expect(facade.logs.join('')).toContain(`"lost":${JSON.stringify(lost)}`);
    const view = (await (await fetch(`${facade.adminUrl}/api/config`)).json()) as { lostRoutes: unknown };
    expect(view.lostRoutes).toEqual({ at: expect.stringMatching(/^\d{4}-/) as string, routes: lost });
  });
});
