import { expect, test } from 'vitest';
import { Closing } from '../../../../src/facade/compose/closing.ts';

function setUp(...fails: string[]) {
  const closing = new Closing();
  const closed: string[] = [];
  for (const name of ['first', 'second', 'third']) {
    closing.defer(async () => {
      await Promise.resolve();
      closed.push(name);
      if (fails.includes(name)) throw new Error(name);
    });
  }
  return { closing, closed };
}

test('what was opened last is closed first, one after another', async () => {
  const { closing, closed } = setUp();
  await closing.run();
  expect(closed).toEqual(['third', 'second', 'first']);
});

test('what cannot be closed keeps nothing else open, and the first failure is told', async () => {
  const { closing, closed } = setUp('third', 'second');
  await expect(closing.run()).rejects.toThrow('third');
  expect(closed).toEqual(['third', 'second', 'first']);
});

test('it is done once, and a second call waits for the first', async () => {
  const { closing, closed } = setUp();
  await Promise.all([closing.run(), closing.run()]);
  await closing.run();
  expect(closed).toHaveLength(3);
});

test('what is opened by the time that closing has begun is closed too', async () => {
  const { closing, closed } = setUp();
  closing.defer(() => closing.defer(() => void closed.push('late')));
  await closing.run();
  expect(closed).toEqual(['late', 'third', 'second', 'first']);
});
