import { beforeEach, expect, test } from 'vitest';
import { createLogs } from '../../../src/http/log.ts';
import { prettyLines } from '../../../src/http/pretty-log.ts';

let lines: string[];
const destination = { write: (line: string) => void lines.push(line), droppedLines: 7 };
beforeEach(() => (lines = []));

test('a line of JSON is one readable line: time, level, message, fields', async () => {
  const { log, requestLog } = createLogs('info', await prettyLines(destination, false));
  log.warn({ route: 'leads.get', gateway: 25 }, 'flipped');
  requestLog.info({ status: 200 }, 'request');
  expect(lines).toEqual([
    expect.stringMatching(/^\[\d\d:\d\d:\d\d\] WARN: flipped \{"route":"leads\.get","gateway":25\}\n$/),
    expect.stringMatching(/^\[\d\d:\d\d:\d\d\] INFO: request \{"status":200\}\n$/),
  ]);
});

test('what others wrote cannot move the cursor', async () => {
  const { log } = createLogs('info', await prettyLines(destination, false));
  log.info({ who: '\u001b[2J\u009bx' }, 'one\n\u001b[2Jtwo');
  expect(lines.join('')).not.toMatch(/[\u001b\u009b]/);
  expect(lines.join('').trimEnd().split('\n')).toHaveLength(1);
});

test('secrets stay redacted, and the lines that were dropped are counted', async () => {
  const { log, droppedLines } = createLogs('info', await prettyLines(destination, false));
  log.info({ token: 'hush' }, 'said');
  expect(lines.join('')).toContain('[redacted]');
  expect(droppedLines()).toBe(7);
});

test('colour where it is wanted', async () => {
  const { log } = createLogs('info', await prettyLines(destination, true));
  log.error('wrong');
  expect(lines.join('')).toContain('\u001b[31mERROR');
});
