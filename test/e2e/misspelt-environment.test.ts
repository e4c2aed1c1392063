import { afterEach, expect, test } from 'vitest';
import { Opened } from './kit/load.ts';
import { startProcess } from './kit/process.ts';

/** A slip in the environment of a real start ends the start: it never becomes a sandbox that looks like a production. */

const opened = new Opened();
afterEach(opened.closeAll);

const NOTHING = { C2S_TOKEN: undefined, FACADE_TOKENS: undefined, FACADE_CONFIG: undefined };

test.each([
  [
    'a misspelt base URL, with everything else of a production',
    {
      C2S_BASEURL: 'http://127.0.0.1:9',
      C2S_TOKEN: 'hush-hush-hush-hush',
      C2S_GATEWAY_URL: 'http://127.0.0.1:9',
      NODE_ENV: 'staging',
    },
    {},
    ['C2S_BASEURL: is not read by anything; did you mean C2S_BASE_URL?', 'C2S_TOKEN: is set and C2S_BASE_URL is not'],
  ],
  ['production', { NODE_ENV: 'production' }, {}, ['NODE_ENV=production never starts a sandbox; set C2S_BASE_URL']],
  ['a .env with a slip', {}, { '.env': 'export C2S_BASEURL = "http://127.0.0.1:9"\n' }, ['did you mean C2S_BASE_URL?']],
  ['a .env without =', {}, { '.env': 'C2S_BASE_URL: http://127.0.0.1:9\n' }, ['.env:1: "C2S_BASE_URL" has no "="']],
])('%s: no start, exit code 1, and what to do', async (_, env, files, words) => {
  const facade = opened.keep(startProcess({ env: { ...NOTHING, ...env }, files: files }));
  expect(await facade.exited()).toBe(1);
  for (const one of words) expect(facade.stderr()).toContain(one);
  expect(facade.stderr()).not.toContain('hush');
  expect(facade.stdout()).toBe('');
});

test('a real start names what nothing reads, and serves', async () => {
  const env = { C2S_BASE_URL: 'http://127.0.0.1:9', C2S_GATEWAYURL: 'http://127.0.0.1:9' };
  const facade = opened.keep(startProcess({ env }));
  await facade.ready();
  expect(facade.stdout()).toContain('C2S_GATEWAYURL: is not read by anything; did you mean C2S_GATEWAY_URL?');
});
