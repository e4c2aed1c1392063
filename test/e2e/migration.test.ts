import { expect, test } from 'vitest';
import { FAULTS, migrate, ROUTES } from './kit/migration.ts';

test('every good route reaches 100 %, the three that go bad at 25 % are taken back, and no caller sees an error', async () => {
  const { requests, errors, highest, reports } = await migrate(() => undefined, 50_000);
  const state = reports.map(({ route, phase, gateway, why }) => ({ route, phase, gateway, why }));
  for (const route of ROUTES) {
    const isBad = route in FAULTS;
    expect(state.find((one) => one.route === route)).toMatchObject({ phase: isBad ? 'cooling' : 'complete' });
    expect(highest.get(route)).toBe(isBad ? 25 : 100);
  }
  expect(errors).toBe(0);
  expect(requests).toBeGreaterThan(1_000);
}, 60_000);
