import { expect, test } from 'vitest';
import { Turns } from '../../../src/http/turns.ts';

test('work is done in turn, and a failure stops nobody behind it', async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.take(async () => {
    seen.push('first begins');
    await gate.promise;
    seen.push('first ends');
    return 1;
  });
  const second = turns.take(() => {
    seen.push('second');
    throw new Error('broken');
  });
  const third = turns.take(() => {
    seen.push('third');
    return 3;
  });
  await Promise.resolve();
  expect(seen).toEqual(['first begins']);
  gate.resolve();
  await expect(second).rejects.toThrow('broken');
  expect(await Promise.all([first, third])).toEqual([1, 3]);
  expect(seen).toEqual(['first begins', 'first ends', 'second', 'third']);
});
