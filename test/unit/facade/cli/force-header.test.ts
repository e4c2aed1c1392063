import { expect, test } from 'vitest';
import { judgeForce } from '../../../../src/facade/forward/force-header.ts';
import { cli, NOW } from './kit.ts';

const FORCE_HEADER_SECRET = 'test-force-secret-of-thirty-two-signs';
const CALLER = '3f0c9a1b2d4e';

const made = (argv: string[], env: Record<string, string> = { FORCE_HEADER_SECRET }) =>
  cli(['force-header', ...argv], { env: { C2S_BASE_URL: 'http://127.0.0.1:4', C2S_TOKEN: 'test-c2s-token', ...env } });

test.each<[string[], { route: string; caller: string }, number]>([
  [['--caller', CALLER], { route: 'leads.get', caller: CALLER }, 3_600_000],
  [['--route', 'leads.get', '--for', '30d'], { route: 'leads.get', caller: '000000000000' }, 30 * 86_400_000],
  [['--caller', CALLER, '--route', 'leads.get', '--for', '90s'], { route: 'leads.get', caller: CALLER }, 90_000],
])('%j: prints the header alone, which counts until its end', async (argv, request, forMs) => {
  const { code, out, err } = await made(['--path', 'gateway', ...argv]);
  expect(code).toBe(0);
  const value = /^x-facade-force: (.+)\n$/.exec(out)?.[1] ?? '';
  const at = (ms: number) => judgeForce(value, FORCE_HEADER_SECRET, { ...request, at: NOW + ms });
  expect([at(0), at(forMs - 1), at(forMs)]).toEqual(['gateway', 'gateway', { ignored: 'expired' }]);
  const until = new Date(NOW + forMs).toISOString().replace('T', ' ').replace('.000', '');
  expect(err).toContain(`Valid until ${until}. Whoever has it may use it.`);
  expect(err).toContain('config/facade.yaml has server.forceHeader off');
});

test('--json has the value by itself', async () => {
  const { out, err } = await made(['--path', 'direct', '--caller', CALLER, '--json']);
  expect(JSON.parse(out)).toMatchObject({
    header: 'x-facade-force',
    value: expect.stringMatching(/^direct; /) as string,
  });
  expect(err).toBe('');
});

test.each<[string, string[], Record<string, string> | undefined, number, string]>([
  ['no path', ['--caller', CALLER], undefined, 2, 'Name the path'],
  ['another path', ['--path', 'both', '--caller', CALLER], undefined, 2, 'write direct or gateway'],
  ['nobody', ['--path', 'gateway'], undefined, 2, '--caller ID, --route ID, or both'],
  ['no such caller', ['--path', 'gateway', '--caller', 'known'], undefined, 2, '"known" is not a caller'],
  ['no such route', ['--path', 'gateway', '--route', 'leads.gets'], undefined, 2, 'no route "leads.gets"'],
  ['no time', ['--path', 'gateway', '--caller', CALLER, '--for', '0s'], undefined, 2, 'from 1s to 30d'],
  ['no unit', ['--path', 'gateway', '--caller', CALLER, '--for', '10'], undefined, 2, 'from 1s to 30d'],
  ['too long', ['--path', 'gateway', '--caller', CALLER, '--for', '31d'], undefined, 2, 'from 1s to 30d'],
  ['no secret', ['--path', 'gateway', '--caller', CALLER], {}, 1, 'FORCE_HEADER_SECRET is not set'],
  [
    'a short secret',
    ['--path', 'gateway', '--caller', CALLER],
    { FORCE_HEADER_SECRET: 'short' },
    1,
    '"c2s-facade check" says why',
  ],
])('%s', async (_, argv, env, code, message) => {
  const result = await made(argv, env);
  expect([result.code, result.out]).toEqual([code, '']);
  expect(result.err).toContain(message);
});
