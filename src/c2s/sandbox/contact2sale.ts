import type { Request } from 'express';
import type { SandboxCall, Handler } from './call.ts';
import * as company from './company.ts';
import { requireToken } from './credentials.ts';
import type { Crm } from './crm.ts';
import * as leads from './leads.ts';
import { SANDBOX_OPERATIONS } from './operations.ts';
import type { SandboxOperationId } from './operations.ts';
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
  'leads.tags.list': leads.listLeadTags,
  'leads.tags.add': leads.addLeadTag,
  'leads.interacted': leads.markInteracted,
  'leads.messages.create': leads.createMessage,
  'leads.deal': leads.closeDeal,
  'leads.visits.create': leads.createVisit,
  'leads.activities.create': leads.createActivity,
  'tags.list': company.listTags,
  'tags.create': company.createTag,
  'sellers.list': company.listSellers,
  'sellers.create': company.createSeller,
  'sellers.update': company.updateSeller,
  'queues.list': company.listQueues,
  'queues.sellers': company.listQueueSellers,
  'queues.redistribute': company.redistribute,
  'queues.priority': company.setPriority,
  'queues.nextSeller': company.setNextSeller,
  'rules.create': company.createRule,
  'company.me': company.getCompany,
  'webhooks.subscribe': webhooks.subscribe,
  'webhooks.unsubscribe': webhooks.unsubscribe,
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
    app.use('/integration', requireToken(options.token));
    for (const { id, method, path, aliases, success } of SANDBOX_OPERATIONS) {
      const register = app[METHODS[method]].bind(app);
      register([path, ...aliases], (req: Request, res) => {
        res.status(success).json(HANDLERS[id](crm, callOf(req, received.of(req))));
      });
    }
  });
  return { ...standIn, crm };
}

const METHODS = { GET: 'get', POST: 'post', PUT: 'put', PATCH: 'patch' } as const;

function callOf(req: Request, { rawBody, body }: ReceivedRequest): SandboxCall {
  if (rawBody !== '' && body === undefined) throw new Refusal(400, 'the body is not JSON');
  const params = Object.fromEntries(Object.entries(req.params).map(([name, value]) => [name, String(value)]));
  const query = Object.fromEntries(new URL(req.originalUrl, 'http://stand-in').searchParams);
  return { params, query, body };
}
