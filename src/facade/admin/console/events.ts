import { fixed } from './format.ts';
import type { Live } from './live.ts';
import { routeHref } from './needs.ts';
import { html } from './vendor/preact.js';
import { timeOf } from './format.ts';

/** What happened since the console was opened: breakers, failures, flips, verdicts. */

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const MARKS = { bad: 'fails', good: 'recovers', info: 'changes' } as const;

export function EventsPage({ live: { happened, snapshot } }: { live: Live }) {
  const busy = snapshot?.routes.reduce((sum, { paths }) => sum + attemptsOf(paths), 0) ?? 0;
  return html`<div class="title"><h1>Events</h1></div>
    <p class="quiet">
      As they happen, since this page of the console was loaded; ${fixed(busy / 60, 1)} attempts per second now. What
      was flipped before is in the <a href="#/history">history</a>.
    </p>
    <section class="panel" aria-label="Events">
      ${happened.length === 0 && html`<p class="quiet">Nothing happened yet.</p>`}
      <ul class="log" role="log" aria-label="Newest first">
        ${happened.map(
          ({ at, level, route, text }) =>
            html`<li>
              <time datetime=${new Date(at).toISOString()} title=${timeOf(new Date(at).toISOString())}
                >${clock.format(at)}</time
              >
              <span class=${`mark ${level}`}><span class="hidden">${MARKS[level]}: </span></span>
              ${route !== undefined && html`<a href=${routeHref(route)}>${route}</a>`} <span>${text}</span>
            </li>`,
        )}
      </ul>
    </section>`;
}

const attemptsOf = ({ direct, gateway }: NonNullable<Live['snapshot']>['routes'][number]['paths']): number =>
  (direct?.lastMinute?.attempts ?? 0) + (gateway?.lastMinute?.attempts ?? 0);
