import { expect, test } from 'vitest';
import { FAULTS, migrate, ROUTES } from './kit/migration.ts';

test('every good route reaches 100 %, the three that go bad at 25 % are rolled back to 0, and no caller sees an error', async () => {
  const { requests, errors, highest, burnDown, falls } = await migrate(() => undefined);
  const last = new Map(burnDown.at(-1)?.reports.map((report) => [report.route, report]));
  for (const route of ROUTES) {
    const isBad = route in FAULTS;
    const { gateway, phase, why } = last.get(route) ?? {};
    expect({ route, phase, why, gateway }).toMatchObject({ gateway: isBad ? 0 : 100 });
    expect([route, highest.get(route)]).toEqual([route, isBad ? 25 : 100]);
  }
  for (const [route, fault] of Object.entries(FAULTS)) {
    const [first] = falls.get(route) ?? [];
    expect(first).toMatchObject({ from: 25, why: expect.stringMatching(fault?.gates ?? /^$/) as string });
    expect(first?.evidence.gates).toBeDefined();
  }
  // The burn-down: nothing on the gateway at first, and at last all but what was rolled back.
  const shares = burnDown.map(({ share }) => share ?? NaN);
  expect([shares[0], (shares.at(-1) ?? 0) > 0.8]).toEqual([0, true]);
  expect(burnDown.at(-1)?.stages).toMatchObject({ gateway: ROUTES.length - Object.keys(FAULTS).length });
  expect(errors).toBe(0);
  expect(requests).toBeGreaterThan(4_000);
}, 120_000);
