import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { ParityBook } from '../../../../src/facade/compare/book.ts';
import { compareAnswers } from '../../../../src/facade/compare/compare.ts';
import type { ParityReport } from '../../../../src/facade/compare/report.ts';
import { leadIdOf } from '../../../../src/c2s/sandbox/crm.ts';
import { seededRandom } from '../../../../src/c2s/sandbox/random.ts';
import { verifyWrite } from '../../../../src/facade/compare/verify.ts';
import { answer, NOON, READ_BACK, READ_LEAD, ruled } from './support.ts';

/**
 * The seeded faults of the specification, at the level of documents: two hundred shadows of a list of leads, some of
 * them direct against direct, over a CRM that writes the time into its answers and changes between two questions.
 */

interface Lead {
  id: string | number;
  attributes: Record<string, unknown>;
}
interface Page {
  data: Lead[];
  meta: Record<string, unknown>;
}
interface Reply {
  status: number;
  page: Page;
}

const random = seededRandom(7);

/** What Contact2Sale answers at a moment: the same data, another time; now and then somebody has just changed a lead. */
function page(moment: number): Page {
  const data = Array.from({ length: 12 }, (_, i) => ({
    id: leadIdOf(i),
    attributes: {
      customer: { name: `Cliente ${i}`, phone: `1190000${1000 + i}`, email: '' },
      messages: [],
      value: 1000 + i,
      lead_status: { alias: 'novo' },
      updated_at: new Date(NOON - i * 60_000 + (i === 0 && random() < 0.15 ? moment : 0)).toISOString(),
    },
  }));
  return { data, meta: { total: 12, page: 1, perpage: 50, generated_at: new Date(NOON + moment).toISOString() } };
}

const each = (reply: Reply, change: (lead: Lead) => void): void => reply.page.data.forEach(change);

/** Each fault, and the groups that the report must name. `timestamp noise` is none of the gateway's doing. */
const FAULTS: Readonly<Record<string, { spoil: (reply: Reply) => void; named: readonly string[] }>> = {
  'dropped field': {
    spoil: (reply) => each(reply, ({ attributes }) => delete attributes.value),
    named: ['/data/*/attributes/value: missing number→absent'],
  },
  'renamed field': {
    spoil: (reply) =>
      each(reply, ({ attributes }) => {
        attributes.price = attributes.value;
        delete attributes.value;
      }),
    named: ['/data/*/attributes/price: extra absent→number', '/data/*/attributes/value: missing number→absent'],
  },
  'null for empty': {
    spoil: (reply) => each(reply, ({ attributes }) => Object.assign(attributes.customer as object, { email: null })),
    named: ['/data/*/attributes/customer/email: type empty string→null'],
  },
  'number as string': {
    spoil: (reply) => each(reply, ({ attributes }) => (attributes.value = String(attributes.value))),
    named: ['/data/*/attributes/value: type number→string'],
  },
  'reordered list': {
    spoil: ({ page: { data } }) => data.push(...data.splice(0, 3)),
    named: ['/data: order list→list'],
  },
  'wrong status': {
    spoil: (reply) => (reply.status = 203),
    named: ['(the answer): status 200→203'],
  },
  'wrong page size': {
    spoil: ({ page: { data, meta } }) => {
      data.splice(10);
      meta.perpage = 10;
    },
    named: ['/data: length 10-24 items→10-24 items, fewer', '/meta/perpage: value number→number'],
  },
  'stale data': {
    spoil: (reply) => each(reply, ({ attributes }) => (attributes.lead_status = { alias: 'pendente' })),
    named: ['/data/*/attributes/lead_status/alias: value string→string'],
  },
  'a field that is dropped now and then': {
    spoil: (reply) => {
      if (random() < 0.25) reply.page.data.slice(0, 2).forEach(({ attributes }) => delete attributes.value);
    },
    named: ['/data/*/attributes/value: missing number→absent'],
  },
  'timestamp noise': { spoil: () => undefined, named: [] },
};

function reportAfter(shadows: number, spoil: (reply: Reply) => void): ParityReport {
  const { rules, settings } = ruled();
  const book = new ParityBook('one', settings);
  book.use(settings, [rules]);
  let owed = 0;
  const told = (reply: Reply) => answer({ status: reply.status, body: JSON.stringify(reply.page) });
  for (let i = 0; i < shadows; i++) {
    const at = NOON + i * 1_000;
    owed += book.noiseShare('leads.get');
    const kind = owed >= 1 ? 'noise' : 'cross';
    if (owed >= 1) owed--;
    const candidate: Reply = { status: 200, page: page(at - NOON + 40) };
    if (kind === 'cross') spoil(candidate);
    const comparison = compareAnswers(rules, told({ status: 200, page: page(at - NOON) }), told(candidate), at);
    book.record('leads.get', { kind, comparison, facts: [] }, at);
  }
  return book.report('leads.get', NOON + shadows * 1_000) as ParityReport;
}

/** What a report calls a fault, without the counts. */
const faultsIn = ({ groups }: ParityReport) =>
  groups
    .filter(({ standing }) => standing === 'fault' || standing === 'suspect')
    .map(({ text }) => text.replace(/, [\d,]+ of [\d,]+$/, ''))
    .toSorted();

test('the rules that a report proposes name its noise, and what they name differs no more', () => {
  const { proposedRules = '' } = reportAfter(200, () => undefined);
  const evidence = / # value timestamp→timestamp: \d+ of \d+ comparisons of direct with itself$/gm;
  expect(proposedRules.match(evidence)).toHaveLength(2);
  expect(parse(proposedRules)).toEqual({
    compare: { ignore: ['$.meta.generated_at', '$.data[*].attributes.updated_at'] },
  });
  const { rules } = ruled(proposedRules.replace(/^compare:\n/, '').replaceAll(/^ {2}/gm, ''));
  const told = (moment: number) => answer({ body: JSON.stringify(page(moment)) });
  for (let i = 0; i < 50; i++) expect(compareAnswers(rules, told(i), told(i + 40), NOON).differences).toEqual([]);
});

describe('within 200 shadows', () => {
  it.each(Object.entries(FAULTS))('%s', (_, { spoil, named }) => {
    const report = reportAfter(200, spoil);
    expect(faultsIn(report)).toEqual(named.toSorted());
    expect(report.groups.filter(({ standing }) => standing === 'suspect')).toEqual([]);
    expect(report.noise.isCalibrated).toBe(true);
    const noise = report.groups.filter(({ standing }) => standing === 'noise').map(({ path }) => path);
    // A status says nothing of the body, so there the noise is seen in direct against direct only.
    expect(noise).toContain('/meta/generated_at');
    expect(noise).toContain('/data/*/attributes/updated_at');
    if (named.length > 0) expect(report.counts.mismatch).toBeGreaterThan(0);
    else expect(report.counts).toMatchObject({ mismatch: 0, noisy: report.counts.match });
  });

  it('the text of a message that is lost on the way is found by reading back', () => {
    const { rules } = ruled('', '', READ_BACK, READ_LEAD);
    const asked = Buffer.from('{"body":"Bom dia"}');
    const lead = (...bodies: string[]) =>
      answer({ body: JSON.stringify({ data: { messages: bodies.map((body) => ({ body })) } }) });
    const read = (lead: ReturnType<typeof answer>) => verifyWrite(rules.route, asked, 'direct', lead, 1e6);
    expect(read(lead('Oi', 'Bom dia'))).toMatchObject({ result: 'arrived' });
    expect(read(lead('Oi'))).toMatchObject({ result: 'not_arrived', missing: ['message'] });
  });
});
