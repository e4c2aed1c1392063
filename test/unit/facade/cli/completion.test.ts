import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { cli } from './kit.ts';

const has = (shell: string) => spawnSync(shell, ['--version']).status === 0;

/** What bash would offer after these words. */
async function offered(...words: string[]): Promise<string[]> {
  const { out: script } = await cli(['completion', 'bash']);
  const { out: routes } = await cli(['complete-routes']);
  const command = `c2s-facade() { printf '%s' "$ROUTES"; }
${script}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _c2s_facade; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const found = execFileSync('bash', ['-c', command, 'bash', 'c2s-facade', ...words], {
    env: { ...process.env, ROUTES: routes },
  });
  return found.toString().split('\n').filter(Boolean);
}

describe.skipIf(!has('bash'))('bash', () => {
  test('completes commands, options and the routes of the table', async () => {
    expect(await offered('mi')).toEqual(['migration']);
    expect(await offered('flip', '--ga')).toEqual(['--gateway']);
    expect(await offered('flip', 'leads.me')).toEqual(['leads.messages.create']);
    expect(await offered('parity', 'tags.')).toEqual(['tags.list', 'tags.create']);
    expect(await offered('history', '--js')).toEqual(['--json']);
    expect(await offered('kill-switch', 'leads.g')).toEqual([]);
  });
});

test.each(['zsh', 'fish'])('%s gets a script that names every command and option', async (shell) => {
  const { out, code } = await cli(['completion', shell]);
  expect(code).toBe(0);
  for (const word of ['migration', 'rollback', 'complete-routes', 'gateway', 'shadow', 'why'])
    expect(out).toContain(word);
  if (!has(shell)) return;
  const read = spawnSync(shell, ['-n'], { input: out });
  expect(read.stderr.toString()).toBe('');
  expect(read.status).toBe(0);
});

test('without a table there are no routes, and no noise', async () => {
  expect(await cli(['complete-routes', '--config', '/nowhere.yaml'])).toEqual({ code: 0, out: '', err: '' });
});
