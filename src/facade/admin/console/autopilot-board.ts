import { read } from './api.ts';
import { NAMES, Steps } from './autopilot.ts';
import { beatOf, type Live } from './live.ts';
import { shown, useLoaded } from './load.ts';
import type { AutopilotReport } from './model.ts';
import { routeHref } from './needs.ts';
import { html } from './vendor/preact.js';
import { When } from './when.ts';

/** Every route on autopilot: where it is on its steps, and which gates hold it. */
export function AutopilotBoardPage({ live }: { live: Live }) {
  const loaded = useLoaded(() => read<{ routes: readonly AutopilotReport[] }>('autopilot'), [beatOf(live)]);
  return html`<div class="title"><h1>Autopilot</h1></div>
    ${shown(loaded, ({ routes }) =>
      routes.length === 0
        ? html`<section class="panel">
            <p class="quiet">
              No route is on autopilot: only humans flip. An <code>autopilot: {}</code> in the entry of a route in the
              config file puts it there.
            </p>
          </section>`
        : html`<div class="cards">
            ${routes.map((report) => html`<${Card} key=${report.route} report=${report} />`)}
          </div>`,
    )}`;
}

function Card({ report }: { report: AutopilotReport }) {
  const { route, phase, mode, since, evidence, proposal } = report;
  return html`<section class="panel" aria-label=${route}>
    <h2><a href=${routeHref(route)}>${route}</a></h2>
    <p>
      <strong>${phase}</strong>
      <span class="quiet"> <${When} at=${since} />, ${mode === 'apply' ? 'may flip by itself' : 'may propose'}</span>
    </p>
    <${Steps} report=${report} />
    <ul class="gates" role="list" aria-label="Gates that do not hold yet">
      ${Object.entries(evidence.gates)
        .filter(([, { state }]) => state !== 'green')
        .map(
          ([name, { state, why }]) =>
            html`<li class=${state}><strong>${NAMES[name] ?? name}</strong> <span class="quiet">${why}</span></li>`,
        )}
    </ul>
    ${proposal && html`<p class="say">It proposes ${proposal.gateway} %: <a href=${routeHref(route)}>review</a></p>`}
  </section>`;
}
