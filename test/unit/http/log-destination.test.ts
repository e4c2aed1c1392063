import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LogDestination, MAX_HELD_BYTES, type LogDestinationOptions } from '../../../src/http/log-destination.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const failure = (code: string) => Object.assign(new Error(code), { code });
/** A line of so many bytes, its number in front. */
const line = (i: number, bytes = 100): string => `${String(i).padEnd(bytes - 1, '.')}\n`;

/** A destination onto a reader that takes `room` bytes more, or throws what it is told to. */
function setUp(options: Partial<LogDestinationOptions> = {}) {
  const reader = { room: Infinity, fault: undefined as string | undefined, text: '', writes: 0 };
  const write = (bytes: Buffer): number => {
    reader.writes++;
    if (reader.fault !== undefined) throw failure(reader.fault);
    if (reader.room === 0) throw failure('EAGAIN');
    const taken = bytes.subarray(0, reader.room);
    reader.room -= taken.length;
    reader.text += taken.toString();
    return taken.length;
  };
  const destination = new LogDestination({ write, block: () => undefined, ...options });
  const lines = () => reader.text.split('\n').filter((one) => one !== '');
  return { destination, reader, lines };
}

test('lines are written together, no batch above 4 KiB, and none is held longer than a quarter of a second', () => {
  const { destination, reader, lines } = setUp();
  for (let i = 0; i < 40; i++) destination.write(line(i));
  expect(reader.writes).toBe(0);
  destination.write(line(40));
  expect([reader.writes, reader.text.length]).toEqual([1, 4_000]);
  vi.advanceTimersByTime(250);
  expect(lines()).toHaveLength(41);
  expect(destination.heldBytes).toBe(0);
});

test('a line longer than a batch is written alone and whole', () => {
  const { destination, reader } = setUp();
  destination.write(line(1));
  destination.write(line(2, 10_000));
  expect(reader.text).toBe(line(1) + line(2, 10_000));
});

test('without batches each line is written at once', () => {
  const { destination, reader } = setUp({ batchBytes: 0 });
  destination.write(line(1));
  destination.write(line(2));
  expect(reader.writes).toBe(2);
});

describe('a reader that stalls', () => {
  test('never more is held than the bound, what comes then is dropped and counted, and no line costs a try', () => {
    const { destination, reader, lines } = setUp();
    reader.room = 0;
    const total = 3 * (MAX_HELD_BYTES / 100);
    for (let i = 0; i < total; i++) {
      destination.write(line(i));
      expect(destination.heldBytes).toBeLessThanOrEqual(MAX_HELD_BYTES);
    }
    expect(reader.writes).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(reader.writes).toBeLessThanOrEqual(1 + 50);
    reader.room = Infinity;
    vi.advanceTimersByTime(20);
    expect(destination.droppedLines).toBe(Math.ceil(total) - lines().length);
    expect(destination.heldBytes).toBe(0);
    expect(lines()).toEqual(lines().map((_, i) => line(i).trimEnd()));
  });

  test('and reads on now and then gets every line, whole and in order', () => {
    const { destination, reader, lines } = setUp();
    for (let i = 0; i < 2_000; i++) {
      reader.room = i % 7 === 0 ? 777 : 0;
      destination.write(line(i));
      vi.advanceTimersByTime(5);
    }
    reader.room = Infinity;
    vi.advanceTimersByTime(300);
    expect(destination.droppedLines).toBe(0);
    expect(lines()).toEqual(Array.from({ length: 2_000 }, (_, i) => line(i).trimEnd()));
  });

  test('does not hold the end of the process: half a second of tries, and no more', () => {
    let blockedMs = 0;
    const { destination, reader } = setUp({ block: (ms) => void (blockedMs += ms) });
    reader.room = 0;
    for (let i = 0; i < 100; i++) destination.write(line(i));
    destination.flushAtExit();
    expect(blockedMs).toBe(500);
  });

  test('and comes back before that gets the last lines', () => {
    let blocked = 0;
    const { destination, reader, lines } = setUp({ block: () => void (reader.room = ++blocked < 5 ? 0 : 1_000) });
    reader.room = 0;
    for (let i = 0; i < 100; i++) destination.write(line(i));
    destination.flushAtExit();
    expect(lines()).toHaveLength(100);
  });
});

describe.each(['ENOSPC', 'EPIPE', 'EIO', 'EBADF'])('%s', (code) => {
  test('no line throws, each is counted, nothing is held; the first that can be written again is', () => {
    const { destination, reader, lines } = setUp();
    reader.fault = code;
    for (let i = 0; i < 1_000; i++) destination.write(line(i));
    vi.advanceTimersByTime(250);
    expect(destination.droppedLines).toBe(1_000);
    expect(destination.heldBytes).toBe(0);
    reader.fault = undefined;
    destination.write(line(1_000));
    vi.advanceTimersByTime(250);
    expect(lines()).toEqual([line(1_000).trimEnd()]);
    destination.flushAtExit();
  });

  test('in the middle of a line: that line is broken and counted, the next one begins on a line of its own', () => {
    const { destination, reader, lines } = setUp();
    reader.room = 150;
    for (let i = 0; i < 10; i++) destination.write(line(i));
    destination.flush();
    reader.fault = code;
    vi.advanceTimersByTime(20);
    expect(destination.droppedLines).toBe(9);
    destination.write(line(10));
    vi.advanceTimersByTime(250);
    expect(destination.droppedLines).toBe(10);
    [reader.fault, reader.room] = [undefined, Infinity];
    destination.write(line(11));
    vi.advanceTimersByTime(250);
    expect(lines()).toEqual([line(0).trimEnd(), line(1).slice(0, 50), line(11).trimEnd()]);
    expect(destination.droppedLines).toBe(10);
  });
});
