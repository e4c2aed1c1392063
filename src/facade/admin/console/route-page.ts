import { AutopilotSection } from './autopilot.ts';
import { named, read } from './api.ts';
import { ExplainForm } from './explain.ts';
import { FlipDialog } from './flip.ts';
import { attemptsText, breakerText, faultText, milliseconds, perSecond } from './format.ts';
import { Lines } from './history.ts';
import { beatOf, type Live } from './live.ts';
import { shown, useLoaded } from './load.ts';
import type { HistoryJson, PathJson, RecentCounts, RouteJson, Snapshot } from './model.ts';
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
  const beat = beatOf(live);
  return html`<p class="crumbs"><a href="#/">Overview</a></p>
    <div class="title">
      <h1>${id}</h1>
      <span class=${`stage ${route.stage}`}>${route.stage}</span>
      ${route.paths.gateway && html`<button class="primary" onClick=${() => setFlipping(null)}>Flip</button>`}
    </div>
    <${Facts} route=${route} isKilled=${snapshot.killSwitch} />
    ${route.trouble && html`<p class="bad notice">${route.trouble.text}</p>`}
    <div class="paths">
      <${PathCard} name="Direct" path=${route.paths.direct} />
      <${PathCard} name="Gateway" path=${route.paths.gateway} />
    </div>
    <${OverTime} route=${route} beat=${beat} flips=${live.flips} now=${snapshot.at} />
    <div class="columns">
      <div>
        <${ParitySection} route=${route} beat=${beat} budget=${snapshot.shadowBudget} />
        <${HistorySection} id=${id} live=${live} />
      </div>
      <div>
        <${AutopilotSection} route=${route} beat=${beat} onAccept=${setFlipping} />
        <section aria-labelledby="explain" class="panel">
          <h2 id="explain">Explain a request</h2>
          <${ExplainForm} example=${exampleOf(route)} />
        </section>
      </div>
    </div>
    ${
      flipping !== undefined &&
      html`<${FlipDialog}
        routes=${[route]}
        proposed=${flipping ?? undefined}
        onClose=${() => setFlipping(undefined)}
      />`
    }`;
}

function Facts({ route, isKilled }: { route: RouteJson; isKilled: boolean }) {
  const { rollout, safety, lastHourShare } = route;
  const { gateway, shadow, stickyBy, fallback } = rollout;
  return html`<dl class="facts">
    <div>
      <dt>Share of the gateway</dt>
      <dd>
        ${isKilled && gateway > 0 ? html`<s>${gateway} %</s> <span class="tag warn">kill switch: 0 %</span>` : `${gateway} %`}
      </dd>
    </div>
    <div>
      <dt>Answered by it, last hour</dt>
      <dd>${lastHourShare === null ? '–' : `${lastHourShare} %`}</dd>
    </div>
    <div>
      <dt>Same path for each</dt>
      <dd>${stickyBy}</dd>
    </div>
    <div>
      <dt>Compared</dt>
      <dd>${shadow} %</dd>
    </div>
    <div>
      <dt>Fallback</dt>
      <dd>${fallback}</dd>
    </div>
    <div>
      <dt>Safety</dt>
      <dd>${safety}</dd>
    </div>
  </dl>`;
}

/** A request that the route takes, to be changed. */
function exampleOf({ paths }: RouteJson): { method: string; target: string } {
  const [method = 'GET', template = '/'] = ((paths.direct ?? paths.gateway)?.endpoints[0] ?? '').split(' ');
  return { method, target: template.replaceAll(/:\w+/g, '1') };
}

function PathCard({ name, path }: { name: string; path: PathJson | undefined }) {
  if (!path)
    return html`<section class="panel card">
      <h2>${name}</h2>
      <p class="quiet">The route has no such endpoint.</p>
    </section>`;
  const { lastMinute, lastHour, breaker, endpoints } = path;
  return html`<section class=${`panel card ${name.toLowerCase()}`}>
    <h2>${name} <span class="endpoints">${endpoints.map((endpoint) => html`<code>${endpoint}</code>`)}</span></h2>
    <div class="stats">
      <${Stat} name="Rate" value=${perSecond(lastMinute)} />
      ${(['p50', 'p95', 'p99'] as const).map(
        (figure) => html`<${Stat} name=${figure} value=${milliseconds(lastMinute?.[figure])} />`,
      )}
      <${Stat} name="Breaker" value=${breakerText(path)} isBad=${breaker !== 'closed'} />
    </div>
    <dl>
      <dt>Last minute</dt>
      <dd class=${moodOfCounts(lastMinute)}>${attemptsText(lastMinute)}</dd>
      <dt>Last hour</dt>
      <dd class=${moodOfCounts(lastHour)}>${attemptsText(lastHour)}</dd>
      ${
        path.fault !== undefined &&
        html`<dt>Refuses</dt>
          <dd class="bad">${faultText(path)}</dd>`
      }
    </dl>
  </section>`;
}

function Stat({ name, value, isBad = false }: { name: string; value: string; isBad?: boolean }) {
  return html`<div class=${`stat ${isBad ? 'bad' : ''}`}><span>${name}</span> <strong>${value}</strong></div>`;
}

const moodOfCounts = (counts: RecentCounts | undefined): string => (counts && counts.failedAttempts > 0 ? 'bad' : '');

function HistorySection({ id, live }: { id: string; live: Live }) {
  const loaded = useLoaded(() => read<HistoryJson>(`history?limit=20&route=${named(id)}`), [live.flips]);
  return html`<section aria-labelledby="history" class="panel">
    <h2 id="history">History</h2>
    ${shown(loaded, ({ flips }) => html`<${Lines} lines=${flips} />`)}
  </section>`;
}
