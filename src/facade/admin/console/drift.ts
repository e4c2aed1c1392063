import { change, named } from './api.ts';
import { grouped, timeOf } from './format.ts';
import type { BudgetJson, DriftJson, ShadowBudgetJson } from './model.ts';
import { html, useState } from './vendor/preact.js';

/** What direct answers otherwise than in the week before, which is none of the gateway's doing. */
export function Drift({ route, drift }: { route: string; drift: DriftJson }) {
  const [said, setSaid] = useState('');
  const accept = async (): Promise<void> => {
    setSaid('');
    try {
      await change('POST', `parity/${named(route)}/drift/accept`, {});
      setSaid('Accepted: what direct answers now is the new normal.');
    } catch (error) {
      setSaid(error instanceof Error ? error.message : 'It was not accepted.');
    }
  };
  return html`<h3>Drift of direct</h3>
    ${
      drift.findings.length === 0
        ? html`<p class="quiet">${quietText(drift)}</p>`
        : html`<p>Direct answers otherwise than in the week before:</p>
            <ul class="plain">
              ${drift.findings.map(
                ({ level, text, since }) =>
                  html`<li>
                    <span class=${level === 'warning' ? 'tag fault' : 'tag'}>${level}</span
                    >${' '}<code>${text}</code>${' '}
                    <span class="quiet">since ${timeOf(since)}</span>
                  </li>`,
              )}
            </ul>
            <button onClick=${() => void accept()}>This is the new normal</button>`
    }
    <p role="status" class="quiet">${said}</p>`;
}

function quietText({ answers, isLearnt }: DriftJson): string {
  const seen = `${grouped(answers)} answers were looked at in the week`;
  return isLearnt ? `None: ${seen}.` : `Not learnt yet: ${seen}; 200 over a day are needed.`;
}

/** What the comparison may still ask for today: of a route, or of all and of those routes that have spent their own. */
export function ShadowBudget({ budget, route }: { budget: ShadowBudgetJson | undefined; route?: string }) {
  if (!budget) return null;
  const own = route === undefined ? undefined : budget.routes[route];
  const spent = route === undefined ? Object.entries(budget.routes).filter(([, { isSpent }]) => isSpent) : [];
  const named = spent.slice(0, MAX_NAMED).map(([id, view]) => leftText(`of ${id}`, view));
  const more = spent.length - named.length;
  const parts = [
    ...(own ? [leftText('of this route', own)] : []),
    ...(budget.all ? [leftText('of all routes', budget.all)] : []),
    ...named,
    ...(more > 0 ? [`those of ${more} more routes are spent`] : []),
  ];
  if (parts.length === 0) return null;
  const isSpent = (own?.isSpent ?? false) || (budget.all?.isSpent ?? false) || spent.length > 0;
  return html`<p class=${isSpent ? 'notice' : 'quiet'}>
    Requests of the comparison today: ${parts.join('; ')}. A new day begins ${timeOf(budget.resetsAt)}.
  </p>`;
}

/** Routes that one line names. */
const MAX_NAMED = 3;

const leftText = (whose: string, { perDay, left, isSpent }: BudgetJson): string =>
  isSpent
    ? `the ${grouped(perDay)} ${whose} are spent, shadows and read-backs pause`
    : `${grouped(left)} of ${grouped(perDay)} ${whose} left`;
