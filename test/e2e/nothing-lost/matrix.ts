import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RouteModel } from '../../../src/facade/rollout/route.ts';
import { casesOf, type Case } from './cases.ts';
import { describe as told, faultOf } from './judge.ts';
import { placeOf } from './meaning.ts';
import { ROWS } from './rows.ts';
import { startScene, type Scene, type Setting } from './scene.ts';

/** The settings under which every case is asked: the old path as the reference, and the gateway with either validator. */
export const SETTINGS: readonly Setting[] = [
  { pydantic: 2, gateway: 100, fallback: 'direct' },
  { pydantic: 1, gateway: 100, fallback: 'direct' },
  { pydantic: 2, gateway: 100, fallback: 'none' },
  { pydantic: 1, gateway: 0, fallback: 'direct' },
];

/** @param pick which of a row's cases are asked under the setting of this number */
export function testMatrix(
  settings: readonly Setting[],
  pick: (row: RouteModel, setting: number) => Iterable<Case>,
): void {
  describe.each(settings.map((setting, at) => ({ ...setting, at })))(
    'before pydantic $pydantic, gateway at $gateway, fallback $fallback',
    (setting) => {
      let scene: Scene;
      beforeAll(async () => {
        scene = await startScene(setting);
      });
      afterAll(() => scene.close());

      test.each(ROWS.map((row) => [row.id, row] as const))(
        '%s: nothing is altered or lost with success',
        async (_, row) => {
          // A row of the gateway alone is not offered at 0.
          if (setting.gateway === 0 && row.direct.length === 0) return;
          const faults: string[] = [];
          let asked = 0;
          for (const one of pick(row, setting.at)) {
            asked++;
            if (isOff(one, setting)) continue;
            const fault = faultOf(one, await scene.ask(one), setting.fallback === 'direct');
            if (fault !== undefined) faults.push(`${told(one)}: ${fault}`);
          }
          expect(faults).toEqual([]);
          expect(asked).toBeGreaterThan(0);
        },
      );
    },
  );
}

/** An id that is the name of a route (`/leads/resolve-source`), which the gateway alone has: not offered at 0. */
function isOff(one: Case, { gateway }: Setting): boolean {
  return gateway === 0 && placeOf(one, one.dialect)?.row.direct.length === 0;
}

/** Every n-th case of a row, other ones under each setting. */
export function* everyNth(row: RouteModel, n: number, offset: number): Generator<Case> {
  let at = offset;
  for (const one of casesOf(row)) if (at++ % n === 0) yield one;
}
