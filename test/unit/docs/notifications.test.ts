import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/facade/config/load.ts';
import { bodyOf } from '../../../src/facade/notify/post.ts';
import type { Notification } from '../../../src/facade/notify/notification.ts';
import { signatureOf } from '../../../src/facade/notify/signature.ts';
import { NOTIFY_EVENTS } from '../../../src/facade/config/notify-schema.ts';
import { notificationsOf } from '../../../src/facade/notify/of-flips.ts';
import { ENV, withRows, GET_LEAD } from '../facade/config/support.ts';

/** What docs/notifications.md shows is what is posted, and what its receiver accepts. */

const page = readFileSync('docs/notifications.md', 'utf8');
const block = (language: string): string => page.split(`\`\`\`${language}\n`)[1]?.split('```')[0] ?? '';

test('the example is a body as it is posted', () => {
  const example = JSON.parse(block('json')) as Notification & { link: string };
  const values = (gateway: number) => ({ gateway, shadow: 10, stickyBy: 'leadId', fallback: 'direct' }) as const;
  const reason = { source: 'cli', who: 'ana', identity: 'loopback', why: 'parity proved' } as const;
  const at = new Date('2026-03-02T14:05:09Z');
  const record = {
    ...reason,
    kind: 'flip',
    route: 'leads.get',
    from: values(5),
    to: values(25),
    revision: 42,
    at,
  } as const;
  const [notification] = notificationsOf([record], 'facade-1-a1b2c3');
  const body = bodyOf({ ...(notification as Notification), id: example.id }, 'https://facade.example/console/');
  expect(JSON.stringify(JSON.parse(body))).toBe(JSON.stringify(example));
});

test('the example of a receiver accepts what is signed, and nothing else', async () => {
  const code = block('js');
  expect(code.trim().split('\n').length).toBeLessThanOrEqual(8);
  const { isFromFacade } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
    isFromFacade: (header: string, body: string, secret: string) => boolean;
  };
  const [body, secret] = ['{"text":"leads.get: gateway 5 → 25"}', 'a-secret-of-16-characters'];
  const header = signatureOf(body, secret, Date.now());
  expect(isFromFacade(header, body, secret)).toBe(true);
  expect(isFromFacade(header, `${body} `, secret)).toBe(false);
  expect(isFromFacade(header, body, 'another-secret-of-16')).toBe(false);
  expect(isFromFacade(signatureOf(body, secret, Date.now() - 3_600_000), body, secret)).toBe(false);
  expect(isFromFacade('', body, secret)).toBe(false);
});

test('the example of a table is accepted, and every event is explained', () => {
  const text = `${block('yaml')}\n${withRows(GET_LEAD)}`;
  const variables = { SLACK_URL: 'https://hooks.example/a', DEPLOYS_SECRET: 'a-secret-of-16-characters' };
  expect(parseConfig(text, { ...ENV, ...variables })).toMatchObject({ ok: true });
  for (const event of NOTIFY_EVENTS) expect(page).toContain(`\n| \`${event}\` |`);
});
