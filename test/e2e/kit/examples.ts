import { GATEWAY_OPERATIONS } from '../../../src/c2s/gateway/operations.ts';
import {
  SANDBOX_OPERATIONS,
  SEED_LEAD_IDS,
  SEED_QUEUE_IDS,
  SEED_SELLER_IDS,
  SEED_TAG_IDS,
  type SandboxOperationId,
} from '../../../src/c2s/sandbox/index.ts';

export interface Example {
  readonly params?: string;
  readonly query?: string;
  /** In Contact2Sale's dialect. */
  readonly direct?: object;
  /** In the gateway's dialect; left out: the same. */
  readonly gateway?: object;
}

const lead = SEED_LEAD_IDS[0] as string;
const [seller, otherSeller] = SEED_SELLER_IDS.map(String) as [string, string];
const queue = SEED_QUEUE_IDS[0];
const hook = 'https://hooks.example.com/c2s';

/** The operations that the gateway has too. */
export const TWO_SIDED = SANDBOX_OPERATIONS.filter(({ id }) =>
  GATEWAY_OPERATIONS.some((operation) => operation.id === id),
);

/** One good request of each operation, in both dialects. */
export const EXAMPLES: Record<SandboxOperationId, Example> = {
  'leads.list': { query: 'page=1&perpage=5&sort=-created_at' },
  'leads.get': { params: lead },
  'leads.create': {
    direct: { data: { type: 'lead', attributes: { name: 'Ana Teste', phone: '11999990000', source: 'Site' } } },
    gateway: { customer: 'Ana Teste', phone: '11999990000', source: 'Site' },
  },
  'leads.update': { params: lead, direct: { description: 'Visita marcada' } },
  'leads.forward': { params: lead, direct: { seller_id: seller } },
  'leads.status': { params: lead, direct: { status: 3, message: 'Sem interesse', lost_reason_ids: [12] } },
  'leads.tags.list': { params: lead },
  'leads.tags.add': { params: lead, direct: { tag_id: String(SEED_TAG_IDS[1]) } },
  'leads.tags.remove': { params: lead, direct: { tag_id: String(SEED_TAG_IDS[1]) } },
  'leads.interacted': { params: lead },
  'leads.messages.create': {
    params: lead,
    direct: { leadId: lead, body: 'Olá, tudo bem? çãé', type: 'note' },
    gateway: { message: 'Olá, tudo bem? çãé', type: 'note' },
  },
  'leads.deal': { params: lead, direct: { value: 350000.5, description: 'Vendido' } },
  'leads.visits.create': { params: lead, direct: { visit_date: '2026-12-01T10:00:00Z', description: 'Visita' } },
  'leads.activities.create': { params: lead, direct: { type: 'call', description: 'Ligação', date: '2026-12-01' } },
  'tags.list': { query: 'name=Quente' },
  'tags.create': { direct: { name: 'Nova', autofill: true, color: '#aabbcc' } },
  'sellers.list': {},
  'sellers.create': { direct: { name: 'Vendedor', email: 'vendedor@example.com', active: true } },
  'sellers.timeshift': { direct: { seller_ids: [seller, otherSeller] } },
  'sellers.update': { params: seller, direct: { name: 'Outro nome' } },
  'queues.list': {},
  'queues.sellers': { params: queue },
  'queues.sellers.update': { params: queue, direct: { sellers: [{ seller_id: seller, priority: 1 }] } },
  'queues.redistribute': { params: queue, direct: { lead_id: lead, seller_id: otherSeller } },
  'queues.priority': { params: queue, direct: { seller_id: seller, priority: 2 } },
  'queues.nextSeller': { params: queue, direct: { seller_id: seller } },
  'rules.list': {},
  'rules.create': {
    direct: { name: 'Regra', queue_id: queue, conditions: { source: 'Site' }, actions: { notify: true } },
  },
  'company.me': {},
  'webhooks.subscribe': { direct: { url: hook, events: ['on_create_lead'] } },
  'webhooks.unsubscribe': { direct: { url: hook } },
  'hooks.subscribe': { direct: { hook_url: hook, hook_action: 'on_create_lead' } },
  'hooks.unsubscribe': { direct: { hook_action: 'on_create_lead' } },
};
