import { describe, expect, test } from 'vitest';
import { MAX_STATUS_LINE_BYTES, StatusLineReader } from '../../../src/http/status-line.ts';
import { MALFORMED_STATUS_LINES, ODD_BUT_WHOLE } from '../../e2e/wire/malformed-answers.ts';

/** The status line is a good one of an interim answer; the parser refuses what follows. */
const LEFT_TO_THE_PARSER = /^status 1\d\d with a body$/;

/** Feeds the bytes in pieces, as packets would come. */
function readIn(pieces: readonly string[]): { fault: string | undefined; reader: StatusLineReader } {
  const reader = new StatusLineReader();
  reader.expect();
  for (const piece of pieces) {
    const fault = reader.read(Buffer.from(piece, 'latin1'));
    if (fault !== undefined) return { fault, reader };
  }
  return { fault: undefined, reader };
}

const cuts = (bytes: string): string[][] =>
  Array.from({ length: bytes.length - 1 }, (_, i) => [bytes.slice(0, i + 1), bytes.slice(i + 1)]);

describe('of what is no status line', () => {
  test.each(MALFORMED_STATUS_LINES.filter(({ name }) => !LEFT_TO_THE_PARSER.test(name)))(
    '$name is a fault, in one packet, in any two and by the byte',
    ({ bytes }) => {
      expect(readIn([bytes]).fault).toMatch(/./);
      for (const pieces of cuts(bytes))
        expect([pieces, readIn(pieces).fault]).toEqual([pieces, expect.stringMatching(/./)]);
      expect(readIn([...bytes]).fault).toMatch(/./);
    },
  );

  test('a line that never ends is a fault before it fills the memory', () => {
    const piece = 'a'.repeat(1_000);
    const { fault } = readIn(['HTTP/1.1 200 ', ...Array.from({ length: 100 }, () => piece)]);
    expect(fault).toBe('a status line that does not end');
    expect(readIn([`HTTP/1.1 200 ${'a'.repeat(MAX_STATUS_LINE_BYTES)}\r\n`]).fault).toBe(
      'a status line that is too long',
    );
  });
});

describe('of what is one', () => {
  test.each(ODD_BUT_WHOLE)('$name is none, however it is cut', ({ bytes }) => {
    for (const pieces of [[bytes], [...bytes], ...cuts(bytes)]) {
      const { fault, reader } = readIn(pieces);
      expect([pieces, fault, reader.isExpecting]).toEqual([pieces, undefined, false]);
    }
  });

  test('it tells when the final line did not come in one packet, and forgets it with the next request', () => {
    const [first, second] = ['HTTP/1.1 404 Not F', 'ound\r\n\r\n'];
    const { reader } = readIn([first, second]);
    expect(reader.isSplit).toBe(true);
    reader.expect();
    expect(reader.isSplit).toBe(false);
    expect(readIn([first + second]).reader.isSplit).toBe(false);
    expect(readIn(['HTTP/1.1 103 Early', ' Hints\r\n\r\nHTTP/1.1 200 OK\r\n']).reader.isSplit).toBe(false);
  });

  test('what stands behind the final line is not looked at', () => {
    expect(readIn(['HTTP/1.1 200 OK\r\n\r\n', 'HTTP/2.0 000 \x01\r\n']).fault).toBeUndefined();
  });
});
