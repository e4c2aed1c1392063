import { named, read } from './api.ts';
import { AutopilotSection } from './autopilot.ts';
import { FlipDialog } from './flip.ts';
import { breakerText, attemptsText, faultText, milliseconds, perSecond } from './format.ts';
import { Lines } from './history.ts';
import { beatOf, type Live } from './live.ts';
import { shown, useLoaded } from './load.ts';
import type { HistoryJson, PathJson, RecentCounts, Snapshot } from './model.ts';
import { OverTime } from './over-time.ts';
import { ParitySection } from './parity.ts';
import { html, useState } from './vendor/preact.js';

/** One route: its two paths over time, what differs between them, who moved it, and what the autopilot makes of it. */
export function RoutePage({ id, live }: { id: string; live: Live }) {
  /** The share that the dialog begins with; null: as it is now; undefined: there is no dialog. */
  const [flipping, setFlipping] = useState<number | null | undefined>(undefined);
  const snapshot = live.snapshot as Snapshot;
  const route = snapshot.routes.find((each) => each.id === id);
  if (!route)
    return html`<h1>${id}</h1>
      <p class="bad">There is no such route. <a href="#/">All routes</a></p>`;
  const { rollout, stage, safety } = route;
  const beat = beatOf(live);
  return html`<p class="crumbs"><a href="#/">Routes</a></p>
    <div class="title">
      <h1>${id}</h1>
      ${route.paths.gateway && html`<button class="primary" onClick=${() => setFlipping(null)}>Flip</button>`}
    </div>
    <p>
      <span class=${`stage ${stage}`}>${stage}</span>
      ${` ${rollout.gateway} % by the gateway, the same for each ${rollout.stickyBy}; ${rollout.shadow} % compared; ${safety}; fallback ${rollout.fallback}.`}
    </p>
    ${route.trouble && html`<p class="bad notice">${route.trouble.text}</p>`}
    <div class="paths">
      <${PathCard} name="Direct" path=${route.paths.direct} />
      <${PathCard} name="Gateway" path=${route.paths.gateway} />
    </div>
    <${OverTime} route=${route} snapshot=${snapshot} />
    <${ParitySection} route=${route} beat=${beat} budget=${snapshot.shadowBudget} />
    <${AutopilotSection} route=${route} beat=${beat} onAccept=${setFlipping} />
    <${HistorySection} id=${id} live=${live} />
    ${
      flipping !== undefined &&
      html`<${FlipDialog} route=${route} proposed=${flipping ?? undefined} onClose=${() => setFlipping(undefined)} />`
    }`;
}

function PathCard({ name, path }: { name: string; path: PathJson | undefined }) {
  if (!path)
    return html`<section class="card">
      <h2>${name}</h2>
      <p class="quiet">The route has no such endpoint.</p>
    </section>`;
  const { lastMinute, lastHour, breaker, endpoints } = path;
  return html`<section class="card">
    <h2>${name}</h2>
    ${endpoints.map((endpoint) => html`<p><code>${endpoint}</code></p>`)}
    <dl>
      <dt>Rate</dt>
      <dd>${perSecond(lastMinute)}</dd>
      <dt>Last minute</dt>
      <dd class=${moodOfCounts(lastMinute)}>${attemptsText(lastMinute)}</dd>
      <dt>Last hour</dt>
      <dd class=${moodOfCounts(lastHour)}>${attemptsText(lastHour)}</dd>
      <dt>p50, p95, p99</dt>
      <dd>${[lastMinute?.p50, lastMinute?.p95, lastMinute?.p99].map(milliseconds).join(', ')}</dd>
      <dt>Breaker</dt>
      <dd class=${breaker === 'closed' ? '' : 'bad'}>${breakerText(path)}</dd>
      ${
        path.fault !== undefined &&
        html`<dt>Refuses</dt>
          <dd class="bad">${faultText(path)}</dd>`
      }
    </dl>
  </section>`;
}

const moodOfCounts = (counts: RecentCounts | undefined): string => (counts && counts.failedAttempts > 0 ? 'bad' : '');

function HistorySection({ id, live }: { id: string; live: Live }) {
  const loaded = useLoaded(() => read<HistoryJson>(`history?limit=20&route=${named(id)}`), [live.flips]);
  return html`<section aria-labelledby="history">
    <h2 id="history">History</h2>
    ${shown(loaded, ({ flips }) => html`<${Lines} lines=${flips} />`)}
  </section>`;
}
