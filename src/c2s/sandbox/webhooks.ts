import { z } from 'zod';
import { found, text } from './call.ts';
import type { Handler } from './call.ts';
import type { Crm } from './crm.ts';
import { valid } from './refusal.ts';

/**
 * Webhook subscriptions. Two forms are in use, each at paths of its own: `{url, events[]}` in the gateway's code, and
 * `{hook_url, hook_action}` in the description and in most clients; only the latter has a closed vocabulary. The stand-in
 * takes each at its paths alone, so that a subscription that is sent elsewhere or in other words shows. It keeps the state
 * and pushes nothing.
 */
const url = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' });
const actions = ['on_create_lead', 'on_update_lead', 'on_close_lead'] as const;
const hook_action = z.enum(actions, `must be one of ${actions.join(', ')}`);

const answer = (to: string, events: readonly string[]) => ({
  data: { type: 'webhook', attributes: { url: to, events } },
});

export const subscribe: Handler = (crm, { body }) => {
  const sent = valid(z.looseObject({ url, events: z.array(text, 'must be a list') }), body);
  for (const event of sent.events) crm.subscriptions.set(event, sent.url);
  return answer(sent.url, sent.events);
};

/** Ends every subscription of the URL; 404 when there is none. */
export const unsubscribe: Handler = (crm, { body }) => {
  const { url: target } = valid(z.looseObject({ url }), body);
  return end(crm, ([, subscribed]) => subscribed === target);
};

export const subscribeHook: Handler = (crm, { body }) => {
  const sent = valid(z.looseObject({ hook_url: url, hook_action }), body);
  crm.subscriptions.set(sent.hook_action, sent.hook_url);
  return answer(sent.hook_url, [sent.hook_action]);
};

/** Ends the subscription of the action; 404 when there is none, or one of another URL than the one that is named. */
export const unsubscribeHook: Handler = (crm, { body }) => {
  const sent = valid(z.looseObject({ hook_action, hook_url: url.optional() }), body);
  return end(
    crm,
    ([event, subscribed]) =>
      event === sent.hook_action && (sent.hook_url === undefined || sent.hook_url === subscribed),
  );
};

function end(crm: Crm, isMeant: (subscription: readonly [event: string, url: string]) => boolean) {
  const ended = [...crm.subscriptions].filter(isMeant);
  const [, target] = found(ended[0], 404, 'subscription');
  for (const [event] of ended) crm.subscriptions.delete(event);
  return answer(
    target,
    ended.map(([event]) => event),
  );
}
