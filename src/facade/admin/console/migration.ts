import { named, read } from './api.ts';
import { daysOf, grouped, NOTHING, percent, timeOf } from './format.ts';
import { beatOf, type Live } from './live.ts';
import { shown, useLoaded } from './load.ts';
import type { MigrationJson, RouteMigrationJson, ServedJson } from './model.ts';
import { html } from './vendor/preact.js';
import { When } from './when.ts';

/** How far the migration is, day by day and route by route, and which old paths nobody needs any more. */
export function MigrationPage({ live }: { live: Live }) {
  const beat = beatOf(live);
  const loaded = useLoaded(() => read<MigrationJson>('migration'), [beat]);
  return html`<div class="title"><h1>Migration</h1></div>
    ${shown(loaded, (migration) => html`<${BurnDown} migration=${migration} />`)}`;
}

/** Days; more would be too thin to be seen. */
const SHOWN = 60;

function BurnDown({ migration }: { migration: MigrationJson }) {
  const { lastDay, oldPaths, days, routes, observedSince } = migration;
  return html`<p class="hero small-hero">
      <strong>${lastDay.share === null ? NOTHING : percent(lastDay.share)}</strong> of the last 24 hours was served by
      the gateway. <strong>${oldPaths.safeToDelete}</strong> of ${oldPaths.of} old paths can be deleted.
    </p>
    <section aria-labelledby="by-day" class="panel">
      <h2 id="by-day">Share of the gateway by day</h2>
      ${
        days.length === 0
          ? html`<p class="quiet">Nothing was served yet.</p>`
          : html`<ol class="days">
              ${days.slice(-SHOWN).map((day) => html`<${Day} day=${day.day} served=${day} />`)}
            </ol>`
      }
      <p class="quiet">Days in UTC. Seen since ${timeOf(observedSince)}; nothing is known of before.</p>
    </section>
    <section aria-labelledby="by-route" class="panel">
      <h2 id="by-route">By route</h2>
      <table>
        <caption class="hidden">
          Routes, how long each is in its stage, and whether its old path is still needed
        </caption>
        <thead>
          <tr>
            <th scope="col">Route</th>
            <th scope="col">Stage</th>
            <th scope="col">For</th>
            <th scope="col">Gateway, last 24 h</th>
            <th scope="col">Direct last used</th>
            <th scope="col">Old path</th>
          </tr>
        </thead>
        <tbody>
          ${routes.toSorted(byUse).map((route) => html`<${Row} key=${route.id} route=${route} />`)}
        </tbody>
      </table>
    </section>`;
}

function Day({ day, served }: { day: string; served: ServedJson }) {
  const share = served.share ?? 0;
  const said = `${day}: ${percent(share)} of ${grouped(served.direct + served.gateway)} requests`;
  return html`<li title=${said}>
    <span class="bar" aria-hidden="true"><span style=${`block-size:${share * 100}%`}></span></span>
    <span class="hidden">${said}</span>
    <span class="date" aria-hidden="true">${day.slice(5)}</span>
  </li>`;
}

/** What is asked first; else as in the table. */
const byUse = (one: RouteMigrationJson, other: RouteMigrationJson): number =>
  Number(other.lastDay.share !== null) - Number(one.lastDay.share !== null);

function Row({ route }: { route: RouteMigrationJson }) {
  const { id, stage, since, days, gateway, lastDay, lastDirectUse } = route;
  return html`<tr>
    <th scope="row"><a href=${`#/routes/${named(id)}`}>${id}</a></th>
    <td data-label="Stage" class="line">
      <span class=${`stage ${stage}`}>${stage}</span> <span class="number">${gateway} %</span>
    </td>
    <td data-label="For"><time datetime=${since}>${daysOf(days)}</time></td>
    <td data-label="Gateway, last 24 h">
      ${
        lastDay.share === null
          ? html`<span class="quiet">${NOTHING}</span>`
          : `${percent(lastDay.share)} of ${grouped(lastDay.direct + lastDay.gateway)}`
      }
    </td>
    <td data-label="Direct last used">
      ${lastDirectUse === null ? html`<span class="quiet">${NOTHING}</span>` : html`<${When} at=${lastDirectUse} />`}
    </td>
    <td data-label="Old path">
      <${OldPath} route=${route} />
    </td>
  </tr>`;
}

function OldPath({ route }: { route: RouteMigrationJson }) {
  const { hasBothEndpoints, gateway, safeToDeleteSince, missing } = route;
  if (!hasBothEndpoints) return html`<span class="quiet">the only one</span>`;
  if (safeToDeleteSince !== null) {
    return html`<span class="good">can be deleted, not needed since ${timeOf(safeToDeleteSince)}</span>`;
  }
  return html`<span class="quiet">${gateway < 100 ? 'needed' : `not yet: ${missing.join('; ')}`}</span>`;
}
