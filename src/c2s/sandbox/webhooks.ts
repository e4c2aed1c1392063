import { z } from 'zod';
import { found, text } from './call.ts';
import type { Handler } from './call.ts';
import { valid } from './refusal.ts';

/**
 * Webhook subscriptions. Two forms are in use, `{url, events[]}` in running code and `{hook_url, hook_action}` in the
 * description; only the latter has a closed vocabulary. The stand-in keeps the state and pushes nothing.
 */
const url = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });
const actions = ['on_create_lead', 'on_update_lead', 'on_close_lead'] as const;

const documented = z.looseObject({
  hook_url: url,
  hook_action: z.enum(actions, `must be one of ${actions.join(', ')}`),
});
const seen = z.looseObject({ url, events: z.array(text, 'must be a list') });

const isDocumented = (body: unknown): boolean => typeof body === 'object' && body !== null && 'hook_url' in body;

export const subscribe: Handler = (crm, { body }) => {
  const subscription = isDocumented(body) ? readDocumented(body) : valid(seen, body);
  for (const event of subscription.events) crm.subscriptions.set(event, subscription.url);
  return { data: { type: 'webhook', attributes: { url: subscription.url, events: subscription.events } } };
};

function readDocumented(body: unknown): { url: string; events: string[] } {
  const { hook_url, hook_action } = valid(documented, body);
  return { url: hook_url, events: [hook_action] };
}

/** Ends every subscription of the URL; 404 when there is none. */
export const unsubscribe: Handler = (crm, { body }) => {
  const target = isDocumented(body)
    ? valid(z.looseObject({ hook_url: url }), body).hook_url
    : valid(z.looseObject({ url }), body).url;
  const events = [...crm.subscriptions].filter(([, subscribed]) => subscribed === target).map(([event]) => event);
  found(events[0], 404, 'subscription');
  for (const event of events) crm.subscriptions.delete(event);
  return { data: { type: 'webhook', attributes: { url: target, events } } };
};
