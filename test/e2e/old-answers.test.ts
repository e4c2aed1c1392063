import { afterAll, beforeAll, expect, it } from 'vitest';
import { inventedCpf } from '../../src/c2s/sandbox/cpf.ts';
import { SEED_LEAD_IDS } from '../../src/c2s/sandbox/index.ts';
import type { OldAnswer } from './kit/old-callers.ts';
import { startOldScene, type OldScene } from './kit/old-scene.ts';

/**
 * Every call of the callers of the service before, with the answer that it gave: read from its source, not run. Where ours
 * is another, both stand here, with the reason; docs/from-the-old-services.md says the same. One facade serves all rows, in
 * their order.
 */

const NOBODY = SEED_LEAD_IDS[3] ?? '';
const MISSING = 'f'.repeat(32);

let scene: OldScene;
beforeAll(async () => void (scene = await startOldScene()), 60_000);
afterAll(() => scene.close());

const event = (id: string, minute: number) => ({
  id,
  hook_action: 'on_create_lead',
  attributes: { updated_at: `2026-01-01T00:0${minute}:00Z`, customer: { name: 'Ana' } },
});

const anyText = expect.any(String) as unknown;
const matching = (text: RegExp): unknown => expect.stringMatching(text) as unknown;
const cpfs = (count: number): unknown[] => Array.from({ length: count }, () => matching(/^\d{11}$/));
const received = (processed: number, duplicates = 0) => ({
  status: 'received',
  received: processed + duplicates,
  processed,
  duplicates,
});
const person = {
  type: 'customer',
  personal_info: { cpf: matching(/^\d{11}$/), name: anyText, rg: null },
  contact_info: { emails: expect.any(Array) as unknown, phones: expect.any(Array) as unknown },
  addresses: expect.any(Array) as unknown,
  metadata: {
    enriched: true,
    sources: ['work_api'],
    timestamp: anyText,
    modules_consulted: expect.any(Array) as unknown,
  },
};
const processed = { success: true, cpfs_processed: cpfs(1), entities_stored: 1, lead_id: anyText };
const PROCESSED = 'Successfully processed and enriched lead. Stored 1 entities in database.';
const ENRICHED = { success: true, customer_name: anyText, enriched: true, message_sent: true, stored_in_db: 1 };
const COLUMNS = { FULL_NAME: 'Ana Souza', PHONE_NUMBER: '(11) 90000-0000', EMAIL: 'ana.souza@example.com' };

interface Expected {
  readonly status: number;
  /** At least these members. */
  readonly body: object;
}
interface Row {
  readonly call: string;
  readonly ask: (scene: OldScene) => Promise<OldAnswer>;
  readonly was: Expected;
  /** Left out: as it was. */
  readonly is?: Expected & { readonly because: string };
}

const was = (status: number, body: object): Expected => ({ status, body });
const is = (because: string, status: number, body: object) => ({ status, body, because });
const UNAUTHORIZED = { error: 'Unauthorized' };
const UPSTREAM = { error: 'External service error' };
const notOffered = is('not offered, and the answer names what to use', 501, {
  type: matching(/not-offered$/),
  error: anyText,
});

const ROWS: readonly Row[] = [
  // Make.com
  { call: 'process', ask: (s) => s.make(s.lead(0)), was: was(200, { ...processed, message: PROCESSED }) },
  {
    call: 'process within 300 s',
    ask: (s) => s.make(s.lead(0)),
    was: was(200, {
      success: true,
      message: matching(/^Lead already being processed \(started \d+ seconds ago\)\. Duplicate request blocked\.$/),
      lead_id: anyText,
      duplicate_request: true,
    }),
  },
  {
    call: 'process, whose CPFs were enriched within 60 s',
    ask: (s) => (s.asOnePerson(0, 1), s.make(s.lead(1))),
    was: was(200, {
      ...processed,
      message: 'CPFs already recently processed (deduplication)',
      entities_stored: 0,
    }),
  },
  {
    call: 'process of whom nobody knows',
    ask: (s) => s.make(NOBODY),
    was: was(200, { success: false, message: 'Could not find CPF from phone or email', lead_id: NOBODY }),
  },
  {
    call: 'process while Work API does not answer',
    ask: (s) => s.silent(() => s.make(s.lead(2))),
    was: was(200, { success: false, message: 'Failed to enrich any CPFs', lead_id: anyText }),
  },
  {
    call: 'process of a lead that is not there',
    ask: (s) => s.make(MISSING),
    was: was(200, { success: false, message: 'Failed to fetch lead from C2S: …', lead_id: MISSING }),
    is: is('the old text quoted the upstream', 200, {
      success: false,
      message: 'Contact2Sale has no lead with this id.',
      lead_id: MISSING,
    }),
  },
  {
    call: 'process whose message is refused',
    ask: (s) => s.refusing(() => s.make(s.lead(3))),
    was: was(200, { success: false, message: 'Enriched data but failed to send to C2S: …' }),
    is: is('the old text quoted the upstream', 200, { success: false, message: 'Contact2Sale refused the message.' }),
  },
  {
    call: 'process without an id',
    ask: (s) => s.make(undefined),
    was: was(400, { error: "Missing 'id' parameter" }),
    is: is('Make.com reads the body of a 200 alone', 200, { success: false, error: 'lead-id', message: anyText }),
  },
  {
    call: 'process without a token',
    ask: (s) => s.makeOpen(s.lead(4)),
    was: was(200, { ...processed, message: PROCESSED }),
    is: is('whoever reached it wrote into the CRM', 401, UNAUTHORIZED),
  },
  // A script
  {
    call: 'enrich',
    ask: (s) => s.script(s.lead(5)),
    was: was(200, { ...ENRICHED, lead_id: anyText, entity_ids: [anyText] }),
  },
  {
    call: 'enrich of whom nobody knows',
    ask: (s) => s.script(NOBODY),
    was: was(404, { error: 'Could not find CPF via Diretrix' }),
  },
  {
    call: 'enrich while Work API does not answer',
    ask: (s) => s.silent(() => s.script(s.lead(6))),
    was: was(502, UPSTREAM),
  },
  {
    call: 'enrich of a lead that is not there',
    ask: (s) => s.script(MISSING),
    was: was(502, UPSTREAM),
    is: is('502 asks for another try', 404, { error: 'Contact2Sale has no lead with this id.' }),
  },
  {
    call: 'enrich whose message is refused',
    ask: (s) => s.refusing(() => s.script(s.lead(7))),
    was: was(502, UPSTREAM),
  },
  {
    call: 'enrich without a token',
    ask: (s) => s.scriptOpen(s.lead(8)),
    was: was(200, ENRICHED),
    is: is('whoever reached it wrote into the CRM', 401, UNAUTHORIZED),
  },
  // Contact2Sale
  { call: 'a push', ask: (s) => s.push(event(s.lead(9), 0)), was: was(200, received(1)) },
  { call: 'the same push', ask: (s) => s.push(event(s.lead(9), 0)), was: was(200, received(0, 1)) },
  {
    call: 'a push of several',
    ask: (s) => s.push([event(s.lead(10), 1), event(s.lead(11), 2), event(s.lead(9), 0)]),
    was: was(200, received(2, 1)),
  },
  {
    call: 'a push with the token',
    ask: (s) => s.signed(event(s.lead(12), 3)),
    was: was(200, received(1)),
  },
  {
    call: 'a push with another token',
    ask: (s) => s.signed(event(s.lead(13), 4), 'wrong'),
    was: was(401, UNAUTHORIZED),
  },
  // Google Ads
  {
    call: 'a lead form',
    ask: (s) => s.google('g-1', COLUMNS),
    was: was(201, {
      success: true,
      message: 'Lead created and enriched successfully',
      lead_id: 'g-1',
      c2s_lead_id: anyText,
    }),
    is: is('the enrichment follows as a message', 201, {
      success: true,
      message: 'Lead created; its enrichment is under way',
      lead_id: 'g-1',
      c2s_lead_id: anyText,
    }),
  },
  {
    call: 'the same lead form',
    ask: (s) => s.google('g-1', COLUMNS),
    was: was(200, { success: true, message: 'Lead already processed (duplicate)', lead_id: 'g-1', c2s_lead_id: null }),
    is: is('the lead is known', 200, {
      success: true,
      message: 'Lead already processed (duplicate)',
      lead_id: 'g-1',
      c2s_lead_id: anyText,
    }),
  },
  { call: 'a lead form, another key', ask: (s) => s.google('g-2', COLUMNS, {}, 'wrong'), was: was(401, UNAUTHORIZED) },
  { call: 'a lead form, an empty key', ask: (s) => s.google('g-2', COLUMNS, {}, ''), was: was(401, UNAUTHORIZED) },
  {
    call: 'a lead form without a name',
    ask: (s) => s.google('g-3', { EMAIL: 'ana.souza@example.com' }),
    was: was(400, { error: 'Missing customer name in form data' }),
    is: is('a lead without a name is a lead', 201, { success: true, lead_id: 'g-3', c2s_lead_id: anyText }),
  },
  {
    call: 'test data',
    ask: (s) => s.google('g-test', COLUMNS, { is_test: true }),
    was: was(201, { success: true, c2s_lead_id: anyText }),
    is: is('a test makes no lead in the CRM', 200, { ...received(0), received: 1, test: true }),
  },
  // Look-ups
  {
    call: 'customer by phone',
    ask: (s) => s.reader(`/api/v1/contributor/customer?phone=${encodeURIComponent(s.customerOf(14).phone)}`),
    was: was(200, person),
  },
  {
    call: 'enrich by e-mail',
    ask: (s) => s.reader('/api/v1/enrich', { email: s.customerOf(15).email }),
    was: was(200, person),
  },
  {
    call: 'customer whom nobody knows',
    ask: (s) => s.reader(`/api/v1/contributor/customer?cpf=${inventedCpf(9_999)}`),
    was: was(404, { error: 'Customer not found in database or Work API' }),
  },
  {
    call: 'customer without an identifier',
    ask: (s) => s.reader('/api/v1/contributor/customer'),
    was: was(400, { error: 'At least one identifier required (cpf, email, phone, or name)' }),
    is: is('several people share a name', 400, {
      error: matching(/^At least one identifier required \(cpf, email, phone\)/),
    }),
  },
  {
    call: 'all modules',
    ask: async (s) => {
      const { cpf } = (await s.reader('/api/v1/enrich', { phone: s.customerOf(16).phone })).body['personal_info'] as {
        cpf: string;
      };
      return s.reader(`/api/v1/work/modules/all?documento=${cpf}`);
    },
    was: was(200, { DadosBasicos: { cpf: matching(/^\d{11}$/), nome: anyText } }),
  },
  {
    call: 'a module that knows nothing',
    ask: (s) => s.reader('/api/v1/work/modules/telefone?documento=11900000000'),
    was: was(200, { error: 'No data' }),
  },
  {
    call: 'a module without documento',
    ask: (s) => s.reader('/api/v1/work/modules/cpf'),
    was: was(400, { error: "Missing 'documento' parameter" }),
  },
  {
    call: 'a look-up without a token',
    ask: (s) => s.readerOpen('/api/v1/contributor/customer?phone=11900000000'),
    was: was(200, person),
    is: is('the answer is personal data', 401, UNAUTHORIZED),
  },
  // What is not offered
  {
    call: 'POST leads',
    ask: (s) => s.reader('/api/v1/leads', { lead_id: 'x' }),
    was: was(200, { success: true }),
    is: notOffered,
  },
  { call: 'a customer by id', ask: (s) => s.reader(`/api/v1/customers/${MISSING}`), was: was(200, {}), is: notOffered },
  { call: 'the description', ask: (s) => s.reader('/api-docs/openapi.yml'), was: was(200, {}), is: notOffered },
  { call: 'its page', ask: (s) => s.reader('/docs'), was: was(200, {}), is: notOffered },
  {
    call: 'what there never was',
    ask: (s) => s.reader('/api/v1/no/such'),
    was: was(404, {}),
  },
  {
    call: 'health',
    ask: (s) => s.reader('/health'),
    was: was(200, { status: 'healthy' }),
    is: is('the facade answers, not the enrichment', 200, { status: 'ok', service: 'c2s-facade' }),
  },
];

const TITLED = ROWS.map((row) => [`${row.call}: ${row.is ? `changed, ${row.is.because}` : 'as before'}`, row] as const);

it.each(TITLED)('%s', async (_, { ask, was: before, is: now }) => {
  const answer = await ask(scene);
  const { status, body } = now ?? before;
  expect(answer).toMatchObject({ status, body });
  if (now) expect(answer).not.toMatchObject(before);
});
