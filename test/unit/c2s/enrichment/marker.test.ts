import { describe, expect, test } from 'vitest';
import { findMarked, markerOf, Marks } from '../../../../src/c2s/enrichment/marker.ts';

const MARKER = markerOf('018f3a52-7c1e-7d6f-9a51-5d2f6f0c1b77');
const OTHER = markerOf('018f3a52-7c1e-7d6f-9a51-5d2f6f0c1b78');
const digits = MARKER.slice(-12);

test('the marker is short, the same for the same enrichment and another for another', () => {
  expect(MARKER).toMatch(/^ref\. c2s-[0-9a-f]{12}$/);
  expect(markerOf('018f3a52-7c1e-7d6f-9a51-5d2f6f0c1b77')).toBe(MARKER);
  expect(OTHER).not.toBe(MARKER);
});

describe('found', () => {
  test.each([
    ['as sent', `Nome: Ana\n\n${MARKER}`],
    ['trimmed and joined', `Nome: Ana ${MARKER}`],
    ['in upper case', MARKER.toUpperCase()],
    ['with a typographic hyphen', `ref. c2s–${digits}`],
    ['with the hyphen escaped', `ref. c2s&#45;${digits}`],
    ['with the hyphen escaped by name', `ref. c2s&hyphen;${digits}`],
    ['with a break', `ref.<br>c2s-\u00ad${digits}</p>`],
  ])('%s', (_how, text) => expect(findMarked([text], MARKER)).toBe('yes'));

  test.each([
    ['texts', ['oi', MARKER]],
    ['body', [{ id: 1, body: MARKER }]],
    ['message', [{ message: `a\n${MARKER}` }]],
    ['content', [{ content: MARKER }]],
    ['JSON:API', [{ id: '1', type: 'message', attributes: { body: MARKER } }]],
    ['a list under data', { data: [{ attributes: { text: MARKER } }] }],
    ['among shapes that say nothing', [{ id: 7 }, null, { text: MARKER }]],
  ])('in %s', (_shape, messages) => expect(findMarked(messages, MARKER)).toBe('yes'));
});

describe('not found', () => {
  test.each([
    ['no messages', []],
    ['others', ['bom dia, tudo bem?', { body: 'quero visitar' }]],
    ['that of another enrichment', [{ body: `Nome: Ana\n${OTHER}` }]],
    ['a longer number that begins like ours', [{ body: `Nome: Ana\n${MARKER}0` }]],
    ['the digits without what stands before them', [{ body: `pedido ${digits}` }]],
    ['a short text under a name for texts', [{ body: 'ok' }, 'ok']],
  ])('%s', (_what, messages) => expect(findMarked(messages, MARKER)).toBe('no'));
});

describe('cannot tell', () => {
  test.each([
    ['absent', undefined],
    ['null', null],
    ['a number of messages', 3],
    ['a text', 'x'],
    ['an object without a list', { total: 2 }],
    ['messages by reference', [{ id: 1, created_at: '2026-01-01 12:00:00' }]],
    ['one of several shows no text', [{ body: 'quero visitar' }, { id: 2 }]],
    ['null in the list', [null]],
  ])('%s', (_what, messages) => expect(findMarked(messages, MARKER)).toBe('cannot-tell'));
});

describe('the markers of ours that a lead shows', () => {
  const marks = new Marks('the key of this deployment');
  const ID = '018f3a52-7c1e-7d6f-9a51-5d2f6f0c1b77';
  const line = marks.lineOf(ID, 'lead');

  test('the line of a message is found by the marker of its enrichment', () => {
    expect(line).toMatch(/^ref\. c2s-[0-9a-f]{12}-[0-9a-f]{6}$/);
    expect(findMarked([{ body: line }], MARKER)).toBe('yes');
    expect(findMarked([{ body: line }], line)).toBe('yes');
  });

  test.each([
    ['as sent', line],
    ['in upper case', line.toUpperCase()],
    ['with typographic and escaped hyphens', line.replace('s-', 's–').replace(/-(?=[0-9a-f]{6}$)/, '&#45;')],
    ['twice', `${line}\n${line}`],
  ])('are found without the database: %s', (_how, text) => {
    expect(marks.shownIn([{ id: 1 }, { body: `a\n${text}\nb` }], 'lead')).toEqual([MARKER]);
  });

  test.each([
    ['of another lead', marks.lineOf(ID, 'another')],
    ['of another deployment', new Marks('another key').lineOf(ID, 'lead')],
    ['of an older version, without the tag', MARKER],
    ['that somebody invents', 'ref. c2s-000000000000-000000'],
    ['that is longer', `${line}0`],
  ])('are none %s', (_what, text) => expect(marks.shownIn([{ body: text }], 'lead')).toEqual([]));

  test.each([undefined, null, 'text', 3, {}])('are none where the messages are %j', (messages) =>
    expect(marks.shownIn(messages, 'lead')).toEqual([]),
  );
});
