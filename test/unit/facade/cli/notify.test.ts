import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli, NOW, startFakeAdmin, type FakeAdmin } from './kit.ts';

let admin: FakeAdmin;
let tested: object[];
beforeEach(async () => {
  tested = [{ target: 'notify[0]', isDelivered: true, answer: '200' }];
  admin = await startFakeAdmin({
    'GET /api/notify': {
      targets: [
        {
          target: 'notify[0]',
          events: ['flip', 'roll_back'],
          isSigned: true,
          isFailing: false,
          last: { at: new Date(NOW - 180_000).toISOString(), answer: '200' },
        },
        {
          target: 'notify[1]',
          events: ['breaker'],
          isSigned: false,
          isFailing: true,
          last: { at: new Date(NOW).toISOString(), answer: '404' },
        },
        { target: 'notify[2]', events: ['flip'], isSigned: false, isFailing: false, last: null },
        { target: 'old', events: ['flip'], isSigned: false, isFailing: true },
      ],
    },
    get 'POST /api/notify/test'() {
      return { targets: tested };
    },
  });
});
afterEach(() => admin.close());

const run = (...argv: string[]) => cli(['notify', ...argv, '--admin', admin.url], { width: 80 });
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd());

describe('notify', () => {
  it('lists who is told', async () => {
    const { code, out } = await run();
    expect(code).toBe(0);
    expect(linesOf(out)).toEqual([
      'TARGET     STATE         SIGNED  EVENTS',
      'notify[0]  ok, 3m ago    yes     flip, roll_back',
      'notify[1]  failing: 404  no      breaker',
      'notify[2]  not tried     no      flip',
      'old        failing       no      flip',
    ]);
  });

  it('--test tells what each answered, and fails when one did not take it', async () => {
    expect((await run('--test')).code).toBe(0);
    tested = [...tested, { target: 'notify[1]', isDelivered: false, answer: 'ECONNREFUSED' }];
    const { code, out } = await run('--test');
    expect(code).toBe(1);
    expect(linesOf(out)).toEqual([
      'TARGET     TEST       ANSWER',
      'notify[0]  delivered  200',
      'notify[1]  not taken  ECONNREFUSED',
    ]);
  });

  it('says how somebody is to be told, where nobody is', async () => {
    tested = [];
    expect((await run('--test')).out).toContain('notify in the rollout table');
  });
});
