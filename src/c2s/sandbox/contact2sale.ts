import type { Request, Response } from 'express';
import type { SandboxCall, Handler } from './call.ts';
import * as company from './company.ts';
import { requireToken } from './credentials.ts';
import type { Crm } from './crm.ts';
import * as leads from './leads.ts';
import type { Page } from './lead-list.ts';
import { SANDBOX_OPERATIONS } from './operations.ts';
import type { Method, SandboxOperationId } from './operations.ts';
import type { ReceivedRequest } from './received.ts';
import { Refusal } from './refusal.ts';
import { seededCrm } from './seed.ts';
import { startStandIn } from './stand-in.ts';
import type { StandIn, StandInOptions } from './stand-in.ts';
import * as webhooks from './webhooks.ts';

/**
 * The stand-in for Contact2Sale: every operation of docs/wire/contact2sale.md with stored state. Where the contract leaves
 * the answer open (all but leads), it is JSON:API of the same kind. Where it leaves a rule open, the stand-in is the
 * stricter: it refuses what a real CRM might let pass, so that an altered value shows.
 */
const HANDLERS: Readonly<Record<SandboxOperationId, Handler>> = {
  'leads.list': leads.listLeads,
  'leads.get': leads.getLead,
  'leads.create': leads.createLead,
  'leads.update': leads.updateLead,
  'leads.forward': leads.forwardLead,
  'leads.status': leads.setStatus,
  'leads.tags.list': leads.listLeadTags,
  'leads.tags.add': leads.addLeadTag,
  'leads.tags.remove': leads.removeLeadTags,
  'leads.interacted': leads.markInteracted,
  'leads.messages.create': leads.createMessage,
  'leads.deal': leads.closeDeal,
  'leads.visits.create': leads.createVisit,
  'leads.activities.create': leads.createActivity,
  'tags.list': company.listTags,
  'tags.create': company.createTag,
  'sellers.list': company.listSellers,
  'sellers.create': company.createSeller,
  'sellers.timeshift': company.timeshift,
  'sellers.update': company.updateSeller,
  'queues.list': company.listQueues,
  'queues.sellers': company.listQueueSellers,
  'queues.sellers.update': company.setQueueSellers,
  'queues.redistribute': company.redistribute,
  'queues.priority': company.setPriority,
  'queues.nextSeller': company.setNextSeller,
  'rules.list': company.listRules,
  'rules.create': company.createRule,
  'company.me': company.getCompany,
  'webhooks.subscribe': webhooks.subscribe,
  'webhooks.unsubscribe': webhooks.unsubscribe,
  'hooks.subscribe': webhooks.subscribeHook,
  'hooks.unsubscribe': webhooks.unsubscribeHook,
};

export interface Contact2SaleOptions extends StandInOptions {
  /** The one token that is accepted. */
  readonly token: string;
}

export interface SandboxContact2Sale extends StandIn {
  /** What the CRM remembers, live: for a test to look at without asking over HTTP. */
  readonly crm: Crm;
}

export async function startContact2Sale(options: Contact2SaleOptions): Promise<SandboxContact2Sale> {
  const crm = seededCrm(options.now ?? Date.now);
  const standIn = await startStandIn(options, (app, received) => {
    app.use(['/integration', ...ROOTS], requireToken(options.token));
    for (const { id, method, path, aliases, success } of SANDBOX_OPERATIONS) {
      for (const spelling of [`${method} ${path}` as const, ...aliases]) {
        const [verb, template] = spelling.split(' ') as [Method, string];
        app[METHODS[verb]](template, (req: Request, res: Response) => {
          const answer = HANDLERS[id](crm, callOf(req, received.of(req)));
          res.set(pageHeaders(req, answer)).status(success).json(answer);
        });
      }
    }
  });
  return { ...standIn, crm };
}

const METHODS = { GET: 'get', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' } as const;

/** What is offered at the root beside /integration. */
const ROOTS = ['/sellers', '/tags', '/distribution_queues', '/distribution_rules', '/api'];

/** What a public support guide says of the heads of lists; empty for an answer that is no page. Links are absolute. */
function pageHeaders(req: Request, answer: unknown): Record<string, string> {
  if (!isPage(answer)) return {};
  const { total, page, perpage } = answer.meta;
  const pages = Math.max(1, Math.ceil(total / perpage));
  const linkTo = (rel: string, to: number): string[] => {
    if (to < 1 || to > pages || to === page) return [];
    const url = new URL(req.originalUrl, `http://${req.get('host') ?? 'stand-in'}`);
    url.searchParams.set('page', String(to));
    url.searchParams.set('perpage', String(perpage));
    url.searchParams.sort();
    return [`<${url.href}>; rel="${rel}"`];
  };
  const links = [linkTo('first', 1), linkTo('prev', page - 1), linkTo('next', page + 1), linkTo('last', pages)].flat();
  return {
    'x-total-count': String(total),
    'total-entries': String(total),
    'total-pages': String(pages),
    'current-page': String(page),
    ...(links.length > 0 && { link: links.join(', ') }),
  };
}

const isPage = (answer: unknown): answer is Page => typeof answer === 'object' && answer !== null && 'meta' in answer;

function callOf(req: Request, { rawBody, body }: ReceivedRequest): SandboxCall {
  if (rawBody !== '' && body === undefined) throw new Refusal(400, 'the body is not JSON');
  const params = Object.fromEntries(Object.entries(req.params).map(([name, value]) => [name, String(value)]));
  const query = Object.fromEntries(new URL(req.originalUrl, 'http://stand-in').searchParams);
  return { params, query, body };
}
