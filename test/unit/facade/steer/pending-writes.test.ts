import { expect, test } from 'vitest';
import { MemoryFlips } from '../../../../src/facade/steer/memory-flips.ts';
import { PendingWrites } from '../../../../src/facade/steer/pending-writes.ts';

function setUp() {
  const warned: unknown[] = [];
  const pending = new PendingWrites({ warn: (...said: unknown[]) => void warned.push(said) } as never);
  const written: string[] = [];
  const away = new Set<string>();
  const add = (name: string) =>
    pending.add(async () => {
      await Promise.resolve();
      if (away.has(name)) throw new Error('away');
      written.push(name);
    });
  const attach = () => pending.attach(new MemoryFlips(() => new Date(0)));
  return { pending, add, attach, written, away, warned };
}

test('what happens before there is a history waits for it, in order', async () => {
  const { pending, add, attach, written } = setUp();
  add('a');
  add('b');
  expect([await pending.flush(), written, pending.isEmpty]).toEqual([false, [], false]);
  attach();
  expect([await pending.flush(), written, pending.isEmpty]).toEqual([true, ['a', 'b'], true]);
});

test('what cannot be written holds up what came after it, is told once, and is tried again', async () => {
  const { pending, add, attach, written, away, warned } = setUp();
  attach();
  ['a', 'b', 'c'].forEach(add);
  away.add('b');
  expect([await pending.flush(), await pending.flush()]).toEqual([false, false]);
  expect([written, warned.length]).toEqual([['a'], 1]);
  away.clear();
  expect([await pending.flush(), written]).toEqual([true, ['a', 'b', 'c']]);
  away.add('d');
  add('d');
  await pending.flush();
  expect(warned).toHaveLength(2);
});

test('flushes at once write everything once', async () => {
  const { pending, add, attach, written } = setUp();
  attach();
  add('a');
  const first = pending.flush();
  add('b');
  expect(await Promise.all([first, pending.flush()])).toEqual([true, true]);
  expect(written).toEqual(['a', 'b']);
});
