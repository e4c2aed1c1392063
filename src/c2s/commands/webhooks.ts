import { BASE_URL_REMEDY, baseUrlFault, normalBaseUrl } from '../../http/base-url.ts';
import { causeOf } from '../../facade/cli/admin-client.ts';
import { confirm } from '../../facade/cli/confirm.ts';
import { print, remark, type Command, type CommonOptions, type Context } from '../../facade/cli/context.ts';
import { EXIT, NotRunning, usageError } from '../../facade/cli/exit.ts';

/**
 * Subscriptions of Contact2Sale to this facade's endpoint of pushes. They are asked for through the public listener of a
 * running facade, and so by the rollout table. Each event is one request: the documented form has room for one.
 */

interface WebhookOptions extends CommonOptions {
  readonly event?: readonly string[];
  readonly facade?: string;
  readonly token?: string;
  readonly form?: string;
  readonly yes?: boolean;
}

const EVENTS = ['on_create_lead', 'on_update_lead', 'on_close_lead'];
const DEFAULT_EVENTS = EVENTS.slice(0, 2);

/** What stands for the secret in all that is shown. */
const SHOWN_SECRET = '<WEBHOOK_SECRET>';
const PUSHES = '/api/v1/webhooks/c2s';
/** Milliseconds; above the 25 s that the facade takes at most. */
const TIMEOUT_MS = 40_000;

interface Subscription {
  readonly path: string;
  /** @param url where the pushes go. */
  readonly body: (url: string) => object;
  /** In words; undefined: all of the URL. */
  readonly event: string | undefined;
}

/** By the word for it. Nobody could check which of the two Contact2Sale takes: a refusal names the other. */
const SUBSCRIBE: Readonly<Record<string, (event: string) => Subscription>> = {
  documented: (event) => ({
    path: '/integration/leads/subscribe',
    body: (url) => ({ hook_url: url, hook_action: event }),
    event,
  }),
  clients: (event) => ({
    path: '/integration/webhook/leads/subscribe',
    body: (url) => ({ url, events: [event] }),
    event,
  }),
};

const UNSUBSCRIBE: Subscription = {
  path: '/integration/webhook/leads/unsubscribe',
  body: (url) => ({ url }),
  event: undefined,
};

interface Asked {
  readonly event: string | undefined;
  readonly status: number;
  readonly ok: boolean;
}

/** Exit code 1 where one was refused, 3 where no facade answers. */
export const webhooks: Command<WebhookOptions> = async (context, options, [action = '', given = '']) => {
  if (action !== 'subscribe' && action !== 'unsubscribe') throw usageError('Write subscribe or unsubscribe.');
  const wanted = action === 'subscribe' ? subscriptions(options) : [UNSUBSCRIBE];
  const target = targetOf(action, given, context);
  const through = facadeOf(context, options);
  for (const { path, body } of wanted) remark(context, `POST ${path}  ${JSON.stringify(body(target.shown))}`);
  if (!(await confirm(context, `Send this to Contact2Sale, through ${through.url}?`, options.yes))) return EXIT.usage;
  const asked: Asked[] = [];
  for (const one of wanted) asked.push(await ask(through, one, target.url));
  print(context, asked, (shown) => shown.map((one) => lineOf(one, action, target.shown, context)).join('\n'));
  return asked.every(({ ok }) => ok) ? EXIT.ok : EXIT.problems;
};

function subscriptions({ event = DEFAULT_EVENTS, form = 'documented' }: WebhookOptions): readonly Subscription[] {
  const unknown = event.find((one) => !EVENTS.includes(one));
  if (unknown !== undefined) throw usageError(`No event is called ${unknown}; there are ${EVENTS.join(', ')}.`);
  const make = Object.hasOwn(SUBSCRIBE, form) ? SUBSCRIBE[form] : undefined;
  if (!make) throw usageError(`No form is called ${form}; there are ${Object.keys(SUBSCRIBE).join(', ')}.`);
  return [...new Set(event)].map(make);
}

/** Whose secret is added where pushes go to this facade; what is to end is named whole, and may hold one already. */
function targetOf(action: string, given: string, { variables }: Context): { url: string; shown: string } {
  if (action === 'unsubscribe' && !URL.canParse(given)) throw usageError('Write the URL that was subscribed.');
  const secret = variables['WEBHOOK_SECRET']?.trim();
  if (action === 'unsubscribe') return { url: given, shown: secret ? given.replaceAll(secret, SHOWN_SECRET) : given };
  const fault = baseUrlFault(given);
  if (fault !== undefined) throw usageError(`The URL ${fault}; ${BASE_URL_REMEDY}.`);
  if (!secret) throw usageError('Set WEBHOOK_SECRET to what the facade has: the pushes must show it.');
  const base = `${normalBaseUrl(given)}${PUSHES}`;
  return { url: `${base}/${encodeURIComponent(secret)}`, shown: `${base}/${SHOWN_SECRET}` };
}

function facadeOf({ variables }: Context, options: WebhookOptions): { url: string; token: string } {
  const read = (name: string): string | undefined => variables[name]?.trim() || undefined;
  const token = options.token ?? read('FACADE_TOKENS')?.split(',')[0]?.trim() ?? read('C2S_TOKEN');
  if (!token) throw usageError('Set FACADE_TOKENS (or --token) to a token of a known caller.');
  const host = read('HOST') ?? '127.0.0.1';
  const isAnywhere = host === '0.0.0.0' || host === '::';
  const url = options.facade ?? `http://${isAnywhere ? '127.0.0.1' : host}:${read('PORT') ?? '8080'}`;
  const fault = baseUrlFault(url);
  if (fault !== undefined) throw usageError(`--facade ${fault}; ${BASE_URL_REMEDY}.`);
  return { url: normalBaseUrl(url), token };
}

async function ask(through: { url: string; token: string }, one: Subscription, url: string): Promise<Asked> {
  try {
    const { status } = await fetch(`${through.url}${one.path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${through.token}`,
        'content-type': 'application/json',
        'user-agent': 'c2s-facade-webhooks',
      },
      body: JSON.stringify(one.body(url)),
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { event: one.event, status, ok: status >= 200 && status < 300 };
  } catch (error) {
    const remedy = 'Start it, or name it with --facade. To ask again does no harm: the last subscription counts.';
    throw new NotRunning(`No answer from ${through.url} (${causeOf(error)}). ${remedy}`);
  }
}

/** An answer may repeat the URL with its secret: its status alone is shown. */
function lineOf({ event, status, ok }: Asked, action: string, shown: string, { style }: Context): string {
  const what = event ?? 'every event';
  if (ok)
    return `${style.green('ok  ')}  ${what}: ${action === 'subscribe' ? 'goes to' : 'no longer goes to'} ${shown}`;
  const remedy = action === 'subscribe' && status !== 401 ? 'try the other --form' : 'look at the token and the URL';
  return `${style.red('FAIL')}  ${what}: got ${status}, expected 200 or 201; ${remedy}`;
}
