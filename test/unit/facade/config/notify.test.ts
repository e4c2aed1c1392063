import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../../src/facade/config/load.ts';
import { ENV, reportOf, withPart } from './support.ts';

/** Who is told of what changes. No fault repeats an address or a secret. */

const SECRET = 'a-hook-secret-of-16-characters-or-more';
const HOOK = 'https://hooks.example/services/hook-secret';

describe('notify', () => {
  it.each([
    ['an address without a scheme', `[{ url: hooks.example/hook-secret }]`, 'notify[0].url: the URL is not a URL'],
    ['another scheme', `[{ url: 'ftp://hooks.example' }]`, 'notify[0].url: the URL is neither http nor https'],
    ['credentials', `[{ url: 'https://ana:hook-secret@hooks.example' }]`, 'notify[0].url: the URL holds credentials'],
    ['a fragment', `[{ url: '${HOOK}#a' }]`, 'notify[0].url: the URL holds a fragment'],
    [
      'a variable that is not set',
      `[{ url: '\${HOOK_URL}' }]`,
      'notify[0].url: HOOK_URL is not set in the environment',
    ],
    ['a secret that is not set', `[{ url: '${HOOK}', secret: '\${KEY}' }]`, 'notify[0].secret: KEY is not set'],
    ['a secret that is short', `[{ url: '${HOOK}', secret: hook-secret }]`, 'notify[0].secret: is shorter than 16'],
    [
      'an event that there is not',
      `[{ url: '${HOOK}', events: [flips] }]`,
      'notify[0].events[0]: "flips" is not known',
    ],
    ['no event', `[{ url: '${HOOK}', events: [] }]`, 'notify[0].events: the list is too short'],
    ['an unknown key', `[{ url: '${HOOK}', format: slack }]`, 'notify[0].format: unknown key'],
    ['the same twice', `[{ url: '${HOOK}' }, { url: '${HOOK}' }]`, 'notify[1].url: is the URL of notify[0]'],
    [
      'too many',
      `[${Array.from({ length: 21 }, (_, i) => `{ url: '${HOOK}/${i}' }`).join(', ')}]`,
      'notify: a list is',
    ],
    ['a number for an address', '[{ url: 7 }]', 'notify[0].url: 7 is of the wrong type'],
    ['a text for a list', `hook-secret`, 'notify: '],
  ])('is refused for %s', (_, written, fault) => {
    const report = reportOf(withPart(`notify: ${written}`));
    expect(report).toHaveLength(1);
    expect(report[0]).toContain(fault);
    if (written !== 'hook-secret') expect(report[0]).not.toContain('hook-secret');
  });

  it('is everything unless events are written; addresses and secrets are of the environment', () => {
    const text = withPart(
      "notify: [{ url: '${HOOK_URL}', secret: '${KEY}' }, { url: 'http://10.0.0.7/hook?wait=1', events: [flip] }]",
    );
    const parsed = parseConfig(text, { ...ENV, HOOK_URL: ` ${HOOK}\n`, KEY: SECRET });
    expect(parsed.ok && parsed.config.notify).toEqual([
      {
        url: HOOK,
        secret: SECRET,
        events: ['flip', 'proposal', 'roll_back', 'kill_switch', 'breaker', 'health', 'parity', 'drift'],
      },
      { url: 'http://10.0.0.7/hook?wait=1', events: ['flip'] },
    ]);
  });
});

describe('server.consoleUrl', () => {
  it.each(['facade.example', 'https://facade.example/?a=1', 'https://facade.example/#/'])('is refused as %s', (url) => {
    expect(reportOf(withPart(`server: { consoleUrl: '${url}' }`))[0]).toContain('server.consoleUrl: the URL');
  });
});
