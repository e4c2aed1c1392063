import { describe, expect, test } from 'vitest';
import { findMarked, markerOf, Marks } from '../../../../src/c2s/enrichment/marker.ts';

const MARKER = markerOf('018f3a52-7c1e-7d6f-9a51-5d2f6f0c1b77');
const OTHER = markerOf('018f3a52-7c1e-7d6f-9a51-5d2f6f0c1b78');
const digits = MARKER.slice(-12);

const FIRST_LINE = '📞 Pessoa identificada pelo telefone';
const OURS = `${FIRST_LINE}\n${MARKER}-9f31c2\n\n✅ DADOS PESSOAIS\nNome: Ana`;
const wrapped = (text: string, columns: number) => text.replace(new RegExp(`(.{${columns}})`, 'gu'), '$1\n');

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
    ...[3, 7, 9, 14, 20].map((columns): [string, string] => [`wrapped at ${columns}`, wrapped(OURS, columns)]),
    ['wrapped at 20 for HTML', wrapped(OURS, 20).replaceAll('\n', '<br />')],
    ['wrapped at 20 as quoted-printable', wrapped(OURS, 20).replaceAll('\n', '=\r\n')],
    ['wrapped at 20 and quoted', wrapped(OURS, 20).replaceAll('\n', '\n> ')],
    ['wrapped at 20 within JSON', JSON.stringify(wrapped(OURS, 20))],
    ['with places for a break', OURS.replace(/(.{5})/gu, '$1\u00ad').replace(/(.{9})/gu, '$1\u200b')],
    ['percent-encoded', encodeURIComponent(OURS)],
    ['percent-encoded to the last letter', Buffer.from(OURS).toString('hex').replace(/../g, '%$&')],
    ['percent-encoded twice', encodeURIComponent(encodeURIComponent(OURS)).replaceAll('-', '%252D')],
    ['as a form', new URLSearchParams({ body: OURS }).toString()],
    ['escaped twice', OURS.replaceAll('-', '&amp;#45;')],
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
    ['a text that was cut, and is not ours', ['Olá, vi o anúncio de um apartamento e…']],
    ['one that begins with a word of ours', ['Telefone para contato: 11 3000-0000', 'a pessoa viajou']],
    ['a field that is no text and begins like ours', [{ type: 'pessoa', body: 'oi' }]],
    ['an older one of ours, with its own marker', [OURS.replace(MARKER, OTHER)]],
    ['that one, cut behind its marker', [OURS.replace(MARKER, OTHER).slice(0, FIRST_LINE.length + 30)]],
    ['one of the old service', [OURS.replace(`\n${MARKER}-9f31c2`, '')]],
    ['a page that is all', { data: ['oi'], meta: { total: 1, page: 1, pages: 1, perpage: 20 }, links: { next: null } }],
    ['no page at all', { data: [], meta: { total: 0, page: 0, total_pages: 1 }, has_more: false, next: '' }],
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
    ['a message whose text is blank', [{ body: 'quero visitar' }, { body: ' ' }]],
    ...[5, 10, 20, 40, FIRST_LINE.length + 20].flatMap((length): [string, unknown][] => [
      [`cut after ${length}`, [{ body: 'quero visitar' }, { body: OURS.slice(0, length) }]],
      [`cut after ${length}, with an ellipsis`, [{ body: `${OURS.slice(0, length)}…` }]],
      [`cut after ${length}, with a link`, [{ body: `${OURS.slice(0, length)}... (ler mais)` }]],
    ]),
    ['cut behind its sender', [{ body: `Sistema: ${OURS.slice(0, 40)}` }]],
    ['cut and percent-encoded', [{ body: encodeURIComponent(OURS.slice(0, 40)) }]],
    ['of ours, with a marker that is not to be read', [OURS.replace(digits, digits.replace(/./g, '$& '))]],
    ...[
      { links: { next: '/leads/1/messages?page=2' } },
      { links: { next: { href: '/leads/1/messages?page=2' } } },
      { links: { prev: '/leads/1/messages?page=1' } },
      { meta: { total: 2, page: 1, perpage: 1 } },
      { meta: { total: '2' } },
      { meta: { pagination: { total_pages: 2 } } },
      { meta: { page: 2, perpage: 1 } },
      { pages: 3 },
      { total_count: 7 },
      { next: 'abc' },
      { next_page_url: 'https://crm.example/2' },
      { paging: { cursors: { next_cursor: 'abc' } } },
      { has_more: true },
      { hasNext: true },
      { offset: 20 },
    ].map((about): [string, unknown] => [`a part: ${JSON.stringify(about)}`, { data: ['oi'], ...about }]),
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

test.each([
  'c',
  'c2s',
  'c2s-',
  `c2s-${digits.slice(1)}`,
  'c\n2\ns\n0\n',
  '%25',
  '&amp;',
  '<',
  '\\u',
  '\n',
  '-',
  'a\n',
  '\u00ad',
])('a long text of %j is read in linear time', (part) => {
  const text = `c2s-${part.repeat(200_000 / part.length)}`;
  const startedAt = performance.now();
  findMarked([text], MARKER);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});
