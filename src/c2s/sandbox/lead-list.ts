import type { SandboxCall } from './call.ts';
import type { Crm, CrmLead } from './crm.ts';

/** The lead list: filters, sort, pages. Contact2Sale cuts a page that is too large; it does not refuse it. */
const LARGEST_PAGE = 50;

export interface Page {
  readonly data: readonly unknown[];
  readonly meta: { readonly total: number; readonly page: number; readonly perpage: number };
}

/** `{data, meta: {total, page, perpage}}`. Parameters that make no sense count as not given. */
export function pageOf(items: readonly unknown[], query: SandboxCall['query']): Page {
  const page = positive(query.page) ?? 1;
  const perpage = Math.min(positive(query.perpage) ?? LARGEST_PAGE, LARGEST_PAGE);
  const data = items.slice((page - 1) * perpage, page * perpage);
  return { data, meta: { total: items.length, page, perpage } };
}

/** The leads that the query asks for, in its order; newest first when it names none. */
export function selectLeads(crm: Crm, query: SandboxCall['query']): CrmLead[] {
  const tests = filters(crm, query);
  return [...crm.leads.values()].filter((lead) => tests.every((test) => test(lead))).sort(order(query.sort));
}

function positive(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}

type Test = (lead: CrmLead) => boolean;

/** One test for each filter that was given; an empty one counts as not given. */
function filters(crm: Crm, query: SandboxCall['query']): Test[] {
  const makers: Record<string, (wanted: string) => Test> = {
    status: (wanted) => (lead) => lead.attributes.lead_status.alias === wanted,
    phone: (wanted) => (lead) => digits(lead.attributes.customer.phone) === digits(wanted),
    email: (wanted) => (lead) => lead.attributes.customer.email.toLowerCase() === wanted.toLowerCase(),
    tags: (wanted) => (lead) => wanted.split(',').some((tag) => crm.leadTags.get(lead.id)?.has(tag.trim())),
    created_gte: (wanted) => (lead) => Date.parse(lead.attributes.created_at) >= Date.parse(wanted),
    created_lt: (wanted) => (lead) => Date.parse(lead.attributes.created_at) < Date.parse(wanted),
    updated_gte: (wanted) => (lead) => Date.parse(lead.attributes.updated_at) >= Date.parse(wanted),
    updated_lt: (wanted) => (lead) => Date.parse(lead.attributes.updated_at) < Date.parse(wanted),
  };
  return Object.entries(makers).flatMap(([name, make]) => {
    const wanted = query[name];
    return wanted ? [make(wanted)] : [];
  });
}

/** Without country code and punctuation: both spellings of a number find the lead. */
const digits = (phone: string): string => phone.replace(/\D/g, '').replace(/^55(?=\d{10,11}$)/, '');

function order(sort = '-created_at'): (a: CrmLead, b: CrmLead) => number {
  const field = sort.endsWith('updated_at') ? 'updated_at' : 'created_at';
  const direction = sort.startsWith('-') ? -1 : 1;
  return (a, b) => direction * (Date.parse(a.attributes[field]) - Date.parse(b.attributes[field]));
}
