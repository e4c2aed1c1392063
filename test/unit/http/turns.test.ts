import { expect, test } from 'vitest';
import { Repeated, Turns } from '../../../src/http/turns.ts';

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

test('a repeated work runs once more for all who ask while it runs, however many, also after a failure', async () => {
  const ends: PromiseWithResolvers<void>[] = [];
  const repeated = new Repeated(() => {
    const end = Promise.withResolvers<void>();
    ends.push(end);
    return end.promise;
  });
  const begun = () => new Promise((done) => setImmediate(done));
  const first = repeated.run();
  await begun();
  const later = [repeated.run(), repeated.run(), repeated.run()];
  await begun();
  expect(ends).toHaveLength(1);
  ends[0]?.reject(new Error('no'));
  await expect(first).rejects.toThrow('no');
  await begun();
  expect(ends).toHaveLength(2);
  ends[1]?.resolve();
  await Promise.all(later);
  expect(ends).toHaveLength(2);
});
