import { EventEmitter } from 'node:events';
import type { Request, Response } from 'express';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createEvents } from '../../../../src/facade/admin/events.ts';

/** Of a response what the stream uses. */
class Client extends EventEmitter {
  readonly written: string[] = [];
  readonly headers: Record<string, string> = {};
  writableLength = 0;
  code = 200;

  set(headers: Record<string, string>): this {
    Object.assign(this.headers, headers);
    return this;
  }
  writeHead(code: number, pairs: readonly string[]): this {
    this.code = code;
    for (let i = 0; i < pairs.length; i += 2) this.headers[pairs[i] ?? ''] = pairs[i + 1] ?? '';
    return this;
  }
  end(): void {
    this.emit('finish');
  }
  write(text: string): void {
    this.written.push(text);
  }
  destroy(): void {
    this.emit('close');
  }
}

let pictures: number;
let connect: () => Client;
beforeEach(() => {
  vi.useFakeTimers();
  pictures = 0;
  const events = createEvents(() => ({ picture: ++pictures }));
  connect = () => {
    const client = new Client();
    void events({ headers: {}, complete: true } as Request, client as unknown as Response, () => undefined);
    return client;
  };
});
afterEach(() => void vi.useRealTimers());

describe('the live stream', () => {
  test('says what is now at once, and then every second', () => {
    const client = connect();
    expect(client.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    vi.advanceTimersByTime(2_000);
    expect(client.written).toEqual([1, 2, 3].map((picture) => `data: {"picture":${picture}}\n\n`));
  });

  test('makes each picture once, however many look', () => {
    const clients = [connect(), connect(), connect()];
    const before = pictures;
    vi.advanceTimersByTime(1_000);
    expect(pictures).toBe(before + 1);
    expect(new Set(clients.map(({ written }) => written.at(-1))).size).toBe(1);
  });

  test('stops when nobody looks any more, and begins again for the next', () => {
    const [first, second] = [connect(), connect()];
    first.emit('close');
    expect(vi.getTimerCount()).toBe(1);
    second.emit('close');
    expect(vi.getTimerCount()).toBe(0);
    const third = connect();
    vi.advanceTimersByTime(1_000);
    expect(third.written).toHaveLength(2);
  });

  test('lets go of a client that does not read, and only of that one', () => {
    const [slow, quick] = [connect(), connect()];
    slow.writableLength = 1024 * 1024 + 1;
    vi.advanceTimersByTime(3_000);
    expect(slow.written).toHaveLength(1);
    expect(quick.written).toHaveLength(4);
  });

  test('refuses the fifty-first client with a time to come back, until one has left', () => {
    const clients = Array.from({ length: 50 }, connect);
    const refused = connect();
    expect([refused.code, refused.headers['retry-after'], refused.written]).toEqual([503, '10', []]);
    clients[0]?.emit('close');
    expect(connect().written).toHaveLength(1);
  });
});
