import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { expect, test } from 'vitest';
import { createLogs } from '../../../../../src/http/log.ts';
import { watched } from '../../../../../src/facade/observe/tracing/export.ts';

const ONE = [{}] as ReadableSpan[];

test('a receiver that takes nothing is told of once, until it takes something again', () => {
  const lines: string[] = [];
  const { log } = createLogs('info', { write: (line: string) => void lines.push(line) });
  let works = false;
  const exporter: SpanExporter = {
    export: (_spans, done) =>
      done(
        works
          ? { code: 0 }
          : { code: 1, error: Object.assign(new Error('to http://collector'), { code: 'ECONNREFUSED' }) },
      ),
    shutdown: () => Promise.resolve(),
  };
  const results: number[] = [];
  const observed = watched(exporter, log);
  for (const state of [false, false, true, true, false]) {
    works = state;
    observed.export(ONE, ({ code }) => results.push(code));
  }
  expect(results).toEqual([1, 1, 0, 0, 1]);
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    'traces are lost: the receiver does not take them',
    'the receiver takes traces again',
    'traces are lost: the receiver does not take them',
  ]);
  expect(lines[0]).toContain('ECONNREFUSED');
  expect(lines.join('')).not.toContain('http://collector');
});
