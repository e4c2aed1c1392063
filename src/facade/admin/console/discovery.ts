import { read } from './api.ts';
import { grouped } from './format.ts';
import { beatOf, type Live } from './live.ts';
import { shown, useLoaded } from './load.ts';
import type { DiscoveryJson } from './model.ts';
import { html } from './vendor/preact.js';
import { When } from './when.ts';

/** What callers ask that no route of the rollout table claims: it goes direct, and nobody moves it. */
export function DiscoveryPage({ live }: { live: Live }) {
  const loaded = useLoaded(() => read<DiscoveryJson>('discovery'), [beatOf(live)]);
  return html`<div class="title"><h1>Discovery</h1></div>
    <p class="quiet">Requests that no route claims. They go direct as they are; write a route to move them.</p>
    <section class="panel" aria-label="Requests that no route claims">
      ${shown(loaded, ({ unclaimed }) =>
        unclaimed.length === 0
          ? html`<p class="quiet">Every request since the start was claimed by a route.</p>`
          : html`<table>
              <caption class="hidden">
                Requests that no route claims, the most frequent first
              </caption>
              <thead>
                <tr>
                  <th scope="col">Request</th>
                  <th scope="col">Count</th>
                  <th scope="col">Last seen</th>
                </tr>
              </thead>
              <tbody>
                ${unclaimed
                  .toSorted((one, other) => other.count - one.count)
                  .map(
                    ({ method, template, count, lastSeen }) =>
                      html`<tr>
                        <th scope="row"><code>${method} ${template}</code></th>
                        <td data-label="Count" class="number">${grouped(count)}</td>
                        <td data-label="Last seen"><${When} at=${lastSeen} /></td>
                      </tr>`,
                  )}
              </tbody>
            </table>`,
      )}
    </section>`;
}
