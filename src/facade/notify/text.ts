import { visible } from '../../http/visible.ts';
import type { Notification, NotifiedChange, NotifiedState } from './notification.ts';

/** One line for a chat. Slack takes `text` of any JSON; so do Mattermost, and Discord at `/slack`. */

/** Of a reason. */
const MAX_WHY_CHARACTERS = 500;
/** Of a flip of more routes the text names these. */
const MAX_ROUTES = 5;

/** @param link to where the console shows it. */
export function textOf(notification: Notification, link: string | undefined): string {
  return [plain(sentenceOf(notification)), link].filter((part) => part !== undefined).join(' ');
}

function sentenceOf(notification: Notification): string {
  const { event, route, path, from, to, leftOut = 0 } = notification;
  const change = changeText({ from: from ?? '', to: to ?? '' });
  switch (event) {
    case 'flip':
      return `${changesText(notification)}${byWhom(notification)}`;
    case 'roll_back':
      return `Rolled back: ${changesText(notification)}${byWhom(notification)}`;
    case 'proposal':
      return `${route}: the autopilot proposes ${change}${because(notification)}`;
    case 'kill_switch': {
      const effect = to === 'on' ? 'every route is direct' : 'the rollout table decides';
      return `Kill switch ${stateText(to ?? '')}: ${effect}${byWhom(notification)}`;
    }
    case 'breaker': {
      const omitted = leftOut > 0 ? `; ${leftOut} more changes of it were left out` : '';
      return `${route}: the breaker of ${path} is ${stateText(to ?? '')}, on ${notification.instance}${omitted}`;
    }
    case 'health':
      return `${path} is ${stateText(to ?? '')}: its health checks ${to === 'unhealthy' ? 'fail' : 'succeed again'}, on ${notification.instance}${because(notification)}`;
    case 'parity':
      return `${route}: parity is ${stateText(to ?? '')}, it was ${stateText(from ?? '')}${because(notification)}`;
    case 'drift':
      return to === 'none'
        ? `${route}: the drift of direct is over`
        : `${route}: drift of direct, it answers otherwise than in the week before${because(notification)}`;
    case 'test':
      return `A test${byWhom(notification)}`;
  }
}

function changesText({ route = '', from = '', to = '', against, forced, changes }: Notification): string {
  const all: readonly NotifiedChange[] = changes ?? [{ route, from, to, against, forced }];
  const named = all
    .slice(0, MAX_ROUTES)
    .map((change) => `${change.route}: ${changeText(change)}${againstText(change)}`);
  const more = all.length - named.length;
  return `${named.join('; ')}${more > 0 ? `; and ${more} routes more` : ''}`;
}

/** `gateway 5 → 25, shadow 10 → 0` */
function changeText({ from, to }: Pick<NotifiedChange, 'from' | 'to'>): string {
  if (typeof from === 'string' || typeof to === 'string') return `${stateText(from)} → ${stateText(to)}`;
  const before: Readonly<Record<string, unknown>> = from;
  return Object.entries(to)
    .map(([key, value]) => `${key} ${String(before[key])} → ${value}`)
    .join(', ');
}

function againstText({ against, forced }: Pick<NotifiedChange, 'against' | 'forced'>): string {
  if (against === undefined) return '';
  return forced ? ` (forced: ${against})` : ` (would have needed force: ${against})`;
}

const stateText = (state: NotifiedState): string => (typeof state === 'string' ? state : JSON.stringify(state));

const byWhom = ({ who, source, ...rest }: Notification): string =>
  `${who === undefined ? '' : `, by ${who === source ? who : `${who} (${source})`}`}${because(rest)}`;

function because({ why }: Pick<Notification, 'why'>): string {
  if (why === undefined) return '';
  return `: ${why.length > MAX_WHY_CHARACTERS ? `${why.slice(0, MAX_WHY_CHARACTERS)} …` : why}`;
}

/**
 * What an operator wrote must call nobody and hide no address: Slack's three signs are written out, as its API asks for, and
 * no `@` is followed by a name.
 */
const plain = (text: string): string =>
  visible(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('@', '@\u200b');
