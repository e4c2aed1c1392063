import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cli, type CliOptions, type CliResult } from '../unit/facade/cli/kit.ts';
import { C2S_TOKEN, FACADE_TOKEN, setRoute, startFacade, type TestFacade } from './kit/facade.ts';
import { Opened } from './kit/load.ts';
import { startUpstream, until, type TestUpstream } from './kit/upstream.ts';

/** The command line against a facade that runs: what it says is what the traffic does. */

const opened = new Opened();
afterEach(opened.closeAll);

let direct: TestUpstream;
let gateway: TestUpstream;
let facade: TestFacade;
const JSON_TYPE = { 'content-type': 'application/json' };
const lead = (phone: unknown) => JSON.stringify({ data: { id: '1', attributes: { phone } } });
beforeEach(async () => {
  direct = opened.keep(await startUpstream((_, res) => res.writeHead(200, JSON_TYPE).end(lead('5511'))));
  gateway = opened.keep(await startUpstream((_, res) => res.writeHead(200, JSON_TYPE).end(lead(null))));
  facade = opened.keep(await startFacade({ direct: direct.url, gateway: gateway.url }));
});

const headers = { authorization: `Bearer ${FACADE_TOKEN}` };
async function servedBy(path: string): Promise<string | null> {
  const res = await fetch(facade.url + path, { headers });
  await res.text();
  return res.headers.get('x-facade-path');
}

function run(argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const env = {
    C2S_BASE_URL: direct.url,
    C2S_GATEWAY_URL: gateway.url,
    C2S_TOKEN,
    FACADE_TOKENS: FACADE_TOKEN,
    FACADE_CONFIG: facade.configFile,
    ADMIN_PORT: new URL(facade.adminUrl).port,
    DATABASE_URL: 'none',
    ...options.env,
  };
  return cli(argv, { ...options, env });
}

/** Nothing was compared in most of these tests. */
const FORCED = ['--force', '--why', 'a test'];

const gatewayOf = async (id: string): Promise<number | undefined> => {
  const { out } = await run(['routes', id, '--json']);
  const { routes } = JSON.parse(out) as { routes: { id: string; rollout: { gateway: number } }[] };
  return routes.find((route) => route.id === id)?.rollout.gateway;
};

describe('explain', () => {
  test('says the side that the request then takes, on the running table and on the file', async () => {
    await facade.edit((config) => setRoute(config, 'leads.get', ['rollout', 'gateway'], 40));
    const sides = new Set<string>();
    for (let i = 0; i < 30; i++) {
      const path = `/integration/leads/lead-${i}`;
      const live = JSON.parse((await run(['explain', 'GET', path, '--json'])).out) as Explained;
      const offline = JSON.parse((await run(['explain', 'GET', path, '--json', '--offline'])).out) as Explained;
      const served = await servedBy(path);
      expect(live.explanation.side).toBe(served);
      expect(offline.explanation).toEqual(live.explanation);
      sides.add(served ?? '');
    }
    expect(sides).toEqual(new Set(['direct', 'gateway']));
  });

  interface Explained {
    readonly explanation: {
      side: string;
      reason: string;
      sendings: { kind: string; rewritten?: string; url?: string }[];
    };
  }

  test('shows the body as the other dialect has it, and what the gateway cannot carry', async () => {
    await facade.edit((config) => setRoute(config, 'leads.messages.create', ['rollout', 'gateway'], 100));
    const asked = ['explain', 'POST', '/integration/leads/7/create_message'];
    const translated = await run([...asked, '--body', '{"body":"oi"}']);
    expect(translated.out).toContain(`sent      POST ${gateway.url}/leads/7/messages`);
    expect(translated.out).toContain('body: {"message":"oi"}');
    expect(translated.out).toContain('never when the gateway may have received it (unsafe)');
    const lossy = await run([...asked, '--body', '{"body":"oi","urgent":true}']);
    expect(lossy.out).toContain('the gateway path cannot carry it: unknown field "urgent"');
    expect(lossy.out).toContain(`sent      POST ${direct.url}/integration/leads/7/create_message`);
    expect(gateway.received).toEqual([]);
    expect(direct.received).toEqual([]);
  });

  test('a stranger is direct, an id that nobody has is refused', async () => {
    await facade.edit((config) => setRoute(config, 'leads.get', ['rollout', 'gateway'], 100));
    expect((await run(['explain', 'GET', '/leads/1', '--caller', 'unknown'])).out).toContain(
      'direct, because: unknown caller',
    );
    expect((await run(['explain', 'GET', '/leads/1'])).out).toContain('gateway, because: split');
    expect(await run(['explain', 'GET', '/leads/1', '--caller', 'abc'])).toMatchObject({ code: 1 });
    expect((await run(['explain', 'GET', '/nowhere'])).out).toContain('passed through to the direct upstream');
    expect((await run(['explain', 'DELETE', '/leads/1'])).out).toContain('answered 405');
  });
});

describe('flip', () => {
  test('moves the traffic, stands in the history, and is rolled back', async () => {
    expect(await servedBy('/leads/1')).toBe('direct');
    const flipped = await run(['flip', 'leads.get', '--gateway', '100', '--force', '--why', 'it is time', '--yes']);
    expect(flipped).toMatchObject({
      code: 0,
      err: 'leads.get  gateway 0 → 100\nleads.get  parity: never compared, 0 of 200 comparisons\n',
    });
    expect(await servedBy('/leads/1')).toBe('gateway');
    const history = await run(['history', 'leads.get'], { width: 160 });
    expect(history.out).toContain('forced: it is time');
    expect(history.out).toContain('gateway 0 → 100');
    expect(await run(['rollback', '--yes'])).toMatchObject({ code: 0, err: 'leads.get  gateway 100 → 0\n' });
    expect(await servedBy('/leads/1')).toBe('direct');
  });

  test('asks, and a no changes nothing', async () => {
    const before = readFileSync(facade.configFile, 'utf8');
    const asked: string[] = [];
    const argv = ['flip', 'leads.get', 'tags.list', '--gateway', '5', ...FORCED];
    const no = await run(argv, { answer: (question) => (asked.push(question), 'n') });
    expect([no.code, asked]).toEqual([2, ['Flip? [y/N] ']]);
    expect(await run(argv)).toMatchObject({ code: 2, err: expect.stringContaining('add --yes') as string });
    expect(readFileSync(facade.configFile, 'utf8')).toBe(before);
    expect((await run(argv, { answer: () => 'yes' })).code).toBe(0);
    expect(await gatewayOf('tags.list')).toBe(5);
  });

  test('is refused when somebody else moved the route while it was asked', async () => {
    const meanwhile = async (): Promise<string> => {
      await run(['flip', 'leads.get', '--gateway', '50', '--yes', ...FORCED]);
      return 'y';
    };
    const { code, err } = await run(['flip', 'leads.get', '--gateway', '10', ...FORCED], { answer: meanwhile });
    expect([code, err]).toEqual([1, expect.stringContaining('gateway of leads.get is 50, not 0')]);
    expect(await gatewayOf('leads.get')).toBe(50);
  });

  test('--all leaves routes with one endpoint and shadows of writes alone', async () => {
    const { code, err } = await run(['flip', '--all', '--gateway', '10', '--shadow', '5', '--yes', ...FORCED]);
    expect(code).toBe(0);
    expect(err).toMatch(/^leads\.get +gateway 0 → 10, shadow 0 → 5$/m);
    expect(err).toMatch(/^leads\.create +gateway 0 → 10$/m);
    expect(err).not.toContain('leads.resolveSource');
  });

  test('shows the verdict, its reason and the warnings of check before it asks, and takes force with a why alone', async () => {
    await facade.edit((config) => {
      config.setIn(['compare'], { minSamples: 20, minNoise: 5 });
      setRoute(config, 'leads.get', ['rollout', 'shadow'], 100);
    });
    const verdict = async () => (await run(['parity', 'leads.get'])).out;
    await until(async () => {
      await servedBy('/leads/1');
      return (await verdict()).includes('not ready');
    }, 'it is not ready');
    const asked: string[] = [];
    const argv = ['flip', 'leads.get', '--gateway', '25'];
    const refused = await run([...argv, '--yes'], { answer: (question) => (asked.push(question), 'y') });
    expect([refused.code, refused.out, asked]).toEqual([1, '', []]);
    expect(refused.err).toMatch(
      /^leads\.get +gateway 0 → 25\nleads\.get +parity: not ready, \d+ of \d+ answers differ \(.*phone.*\)/,
    );
    expect(refused.err).toContain('--force is needed for leads.get: gateway 0 → 25 against the verdict\n');
    expect(refused.err).toContain('leads.get  warn shadows of leads.get spend the rate limit');
    const json = await run([...argv, '--yes', '--json']);
    expect([json.code, JSON.parse(json.out)]).toMatchObject([
      1,
      { refused: true, guard: [{ verdict: 'not ready', needsForce: ['gateway 0 → 25 against the verdict'] }] },
    ]);
    for (const command of [argv, ['rollback']]) {
      const unreasoned = await run([...command, '--yes', '--force']);
      expect(unreasoned).toMatchObject({ code: 2, err: expect.stringContaining('add --why TEXT') as string });
    }
    expect(await gatewayOf('leads.get')).toBe(0);
    const forced = await run([...argv, '--json', '--yes', ...FORCED]);
    expect(JSON.parse(forced.out)).toMatchObject({ guard: [{ verdict: 'not ready' }] });
    expect(await gatewayOf('leads.get')).toBe(25);
  });

  test('offline it edits the file, keeps its comments, and refuses a file that changed underneath', async () => {
    const argv = ['flip', 'leads.get', '--gateway', '25', '--offline'];
    const before = readFileSync(facade.configFile, 'utf8');
    expect((await run([...argv, '--yes'])).code).toBe(0);
    const after = readFileSync(facade.configFile, 'utf8');
    expect(after.match(/#.*/g)).toEqual(before.match(/#.*/g));
    await until(async () => (await gatewayOf('leads.get')) === 25, 'the facade notices the file');
    const changed = await run(['flip', 'leads.get', '--gateway', '30', '--offline'], {
      answer: () => (writeFileSync(facade.configFile, `${after}# mine\n`), 'y'),
    });
    expect([changed.code, changed.err]).toEqual([1, expect.stringContaining('changed by somebody else')]);
    expect(readFileSync(facade.configFile, 'utf8')).toBe(`${after}# mine\n`);
  });

  test('offline no facade is asked, so there is nothing to force', async () => {
    const argv = ['flip', 'leads.get', '--gateway', '25', '--offline', '--yes'];
    expect(await run([...argv, ...FORCED])).toMatchObject({
      code: 2,
      err: expect.stringContaining('leave --force out') as string,
    });
    expect((await run(argv)).err).toContain('nothing says whether the evidence allows it');
    await until(async () => (await gatewayOf('leads.get')) === 25, 'the facade notices the file');
    expect((await run(['history'], { width: 200 })).out).toContain('would have needed force');
  });

  test('names the nearest route', async () => {
    const { code, err } = await run(['flip', 'leads.gett', '--gateway', '5', '--yes']);
    expect([code, err]).toEqual([2, 'There is no route "leads.gett"; did you mean "leads.get"?\n']);
  });
});

describe('kill-switch', () => {
  test('sends every route direct, says so, and lets the table decide again', async () => {
    await run(['flip', 'leads.get', '--gateway', '100', '--yes', ...FORCED]);
    expect((await run(['kill-switch', 'on'])).code).toBe(0);
    expect(await servedBy('/leads/1')).toBe('direct');
    expect((await run(['routes'])).out).toContain('KILL SWITCH ON');
    expect((await run(['kill-switch'])).out).toContain('Kill switch on');
    expect((await run(['kill-switch', 'off'])).code).toBe(0);
    expect(await servedBy('/leads/1')).toBe('gateway');
  });

  test('by its former name, as old runbooks have it', async () => {
    await run(['flip', 'leads.get', '--gateway', '100', '--yes', ...FORCED]);
    expect((await run(['panic', '--why', 'the gateway burns'])).code).toBe(0);
    expect(await servedBy('/leads/1')).toBe('direct');
    expect((await run(['panic', '--end'])).code).toBe(0);
    expect(await servedBy('/leads/1')).toBe('gateway');
    expect((await run(['history'], { width: 200 })).out).toContain('the gateway burns');
  });

  test('knows two states and no third', async () => {
    expect(await run(['kill-switch', 'onn'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('write on or off') as string,
    });
    expect((await run(['kill-switch'])).out).toContain('Kill switch off');
  });

  test('without the admin API it creates the file that the facade watches', async () => {
    const file = join(facade.configFile, '..', 'all-direct');
    await facade.edit((config) => config.setIn(['server', 'killSwitchFile'], file));
    await run(['flip', 'leads.get', '--gateway', '100', '--yes', ...FORCED]);
    const env = { ADMIN_PORT: '4' };
    expect(await run(['kill-switch', 'on'], { env })).toMatchObject({ code: 0 });
    expect(existsSync(file)).toBe(true);
    await until(async () => (await servedBy('/leads/1')) === 'direct', 'the file acts');
    expect((await run(['kill-switch', 'off'])).out).toContain('held it too; it is removed');
    await until(async () => (await servedBy('/leads/1')) === 'gateway', 'the end acts');
  });

  test('without either it says what else helps', async () => {
    const { code, err } = await run(['kill-switch', 'on'], { env: { ADMIN_PORT: '4' } });
    expect([code, err]).toEqual([3, expect.stringContaining('C2S_GATEWAY_URL=')]);
  });
});

test('discover, diff and check tell the file from what serves', async () => {
  await servedBy('/integration/unheard/of');
  expect((await run(['discover'])).out).toContain('/integration/unheard/of');
  expect(await run(['diff'])).toMatchObject({ code: 0 });
  const other = `${facade.configFile}.other`;
  const text = readFileSync(facade.configFile, 'utf8');
  writeFileSync(other, text.slice(0, text.indexOf('  - id: hooks.unsubscribe')));
  expect(await run(['diff', '--config', other])).toMatchObject({
    code: 1,
    out: expect.stringContaining('- hooks.unsubscribe: only in the table that serves') as string,
  });
  const checked = await run(['check', '--config', other]);
  expect([checked.code, checked.out]).toEqual([
    0,
    expect.stringContaining('hooks.unsubscribe: in the table that serves'),
  ]);
  expect((await run(['check', '--strict', '--config', other])).code).toBe(1);
});

test('check lists everything that is wrong at once, with its place', async () => {
  const file = `${facade.configFile}.bad`;
  const [head = '', rows = ''] = readFileSync(facade.configFile, 'utf8').split(/^(?=routes:)/m);
  const text = head + rows.replace('gateway: 0,', 'gatewy: 0,').replace('shadow: 0,', 'shadow: 500,');
  writeFileSync(file, text);
  const { code, out } = await run(['check', '--config', file], { env: { PORT: 'http' } });
  expect(code).toBe(1);
  expect(out).toMatch(
    /:\d+:\d+ {2}routes\[0\] \(leads\.list\)\.rollout\.gatewy: unknown key; did you mean "gateway"\?/,
  );
  expect(out).toMatch(/500 is out of range/);
  expect(out).toMatch(/environment {2}PORT: must be a port/);
});

test('check and doctor name a variable that is called otherwise now, and not its value', async () => {
  const env = { WORKER_API_KEY: 'key-of-the-old-service', WORK_API_URL: 'http://127.0.0.1:4', RUST_LOG: 'info' };
  const file = facade.configFile;
  const checked = await run(['check', '--offline', '--config', file], { env });
  expect(checked.code).toBe(0);
  expect(checked.out).toMatch(/warn {3}environment {2}WORKER_API_KEY: is the former name of WORK_API_KEY/);
  expect(checked.out).toMatch(/environment {2}RUST_LOG: is not read here; write LOG_LEVEL/);
  expect((await run(['check', '--offline', '--strict', '--config', file], { env })).code).toBe(1);
  const { out } = await run(['doctor'], { env: { ...env, PORT: '0' } });
  expect(out).toMatch(/warn {2}environment +WORKER_API_KEY is the former name/);
  const both = await run(['check', '--offline', '--config', file], { env: { ...env, WORK_API_KEY: 'another' } });
  expect(both.code).toBe(1);
  expect(both.out).toMatch(/error {2}environment {2}WORKER_API_KEY: .* is not the same as WORK_API_KEY/);
  expect(checked.out + out + both.out).not.toContain(env.WORKER_API_KEY);
});

test('probe reads through both paths and compares as parity does: shapes are shown, never values', async () => {
  const probed = await run(['probe', 'leads.get', '--param', 'leadId=42']);
  expect(probed.code).toBe(1);
  expect(probed.out).toContain('/data/attributes/phone: type string→null');
  expect(probed.out).not.toContain('5511');
  expect([direct.received[0]?.url, gateway.received[0]?.url]).toEqual(['/integration/leads/42', '/leads/42']);
  expect(direct.received[0]?.headers.authorization).toBe(`Bearer ${C2S_TOKEN}`);
  expect(gateway.received[0]?.headers.authorization).toBeUndefined();
  expect(await run(['probe', 'POST', '/leads'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('only reads') as string,
  });
  expect(await run(['probe', 'leads.get'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('--param leadId') as string,
  });
});

test('probe goes by the rules of the route and by the differences that somebody knows of', async () => {
  const probed = async (): Promise<unknown> => {
    const { code, out } = await run(['probe', 'leads.get', '--param', 'leadId=42', '--json']);
    const { differences, known } = JSON.parse(out) as { differences: string[]; known: string[] };
    return { code, differences, known };
  };
  const difference = '/data/attributes/phone: type string→null';
  expect(await probed()).toEqual({ code: 1, differences: [difference], known: [] });
  const owned = { why: 'being mended', owner: 'the gateway team', expires: '2999-01-01' };
  const entry = { route: 'leads.get', path: '/data/attributes/phone', kind: 'type', ...owned };
  await facade.edit((config) => config.set('knownDifferences', [entry]));
  expect(await probed()).toEqual({ code: 0, differences: [], known: [difference] });
  await facade.edit((config) => {
    config.set('knownDifferences', []);
    config.setIn(['compare', 'ignore'], ['$.data.attributes.phone']);
  });
  expect(await probed()).toEqual({ code: 0, differences: [], known: [] });
  await gateway.close();
  gateway = opened.keep(await startUpstream((_, res) => res.writeHead(500).end()));
  await direct.close();
  direct = opened.keep(await startUpstream((_, res) => res.writeHead(500).end()));
  expect(await probed()).toEqual({ code: 1, differences: ['not compared: both paths failed'], known: [] });
});

test('probe through a facade that lets a path be forced compares what a caller would have got', async () => {
  await facade.edit((config) => config.setIn(['server', 'forceHeader'], true));
  const env = { PORT: new URL(facade.url).port };
  const probed = await run(['probe', 'leads.get', '--param', 'leadId=42', '--json'], { env });
  const { results, differences } = JSON.parse(probed.out) as { results: { servedBy: string }[]; differences: string[] };
  expect(results.map(({ servedBy }) => servedBy)).toEqual(['direct', 'gateway']);
  expect(differences).toEqual(['/data/attributes/phone: type string→null']);
});

test('doctor tells what it saw of every upstream, and no secret', async () => {
  const well = await run(['doctor'], { env: { PORT: '0' } });
  expect(well.code).toBe(0);
  expect(well.out).toContain('GET /integration/me is answered 200: C2S_TOKEN is accepted');
  await gateway.close();
  const ill = await run(['doctor', '--json'], { env: { PORT: '0' } });
  expect(ill.code).toBe(1);
  const found = JSON.parse(ill.out) as { subject: string; state: string }[];
  expect(found).toContainEqual(expect.objectContaining({ subject: 'gateway', state: 'fail' }));
  for (const secret of [C2S_TOKEN, FACADE_TOKEN]) expect(well.out + ill.out).not.toContain(secret);
});
