import { change, readIfThere } from './api.ts';
import { Parity } from './board.ts';
import { FlipDialog } from './flip.ts';
import { errorShare, milliseconds, percent, perSecond, timeOf } from './format.ts';
import { Lines } from './history.ts';
import { pointsOf, type Live } from './live.ts';
import { shown, useLoaded } from './load.ts';
import type { AutopilotReport, History, ParityReport, PathView, Point, RouteView } from './model.ts';
import { Plot } from './plot.ts';
import { html, useState } from './vendor/preact.js';

/** One route: its two paths over time, what differs between them, who moved it, and what the autopilot makes of it. */
export function RoutePage({ id, live }: { id: string; live: Live }) {
  const [isFlipping, setFlipping] = useState(false);
  const route = live.snapshot?.routes.find((each) => each.id === id);
  if (!route)
    return html`<h1>${id}</h1>
      <p class="bad">There is no such route. <a href="#/">All routes</a></p>`;
  const points = pointsOf(id);
  const { rollout, stage, safety } = route;
  return html`<p class="crumbs"><a href="#/">Routes</a></p>
    <div class="title">
      <h1>${id}</h1>
      <button class="primary" onClick=${() => setFlipping(true)}>Flip</button>
    </div>
    <p>
      <span class=${`stage ${stage}`}>${stage}</span>
      ${` ${rollout.gateway} % by the gateway, the same for each ${rollout.stickyBy}; ${rollout.shadow} % compared; ${safety}; fallback ${rollout.fallback}.`}
    </p>
    <div class="paths">
      <${PathCard} name="Direct" path=${route.paths.direct} />
      <${PathCard} name="Gateway" path=${route.paths.gateway} />
    </div>
    <section aria-labelledby="over-time">
      <h2 id="over-time">Over time</h2>
      <p class="quiet">Since this page was opened; each point is the minute before it.</p>
      <${Plot} title="Rate" unit="requests/s" points=${points} figure=${rate} />
      <${Plot} title="Failures" unit="%" points=${points} figure=${failures} />
      <${Plot} title="95th percentile" unit="ms" points=${points} figure=${p95} />
    </section>
    <${ParitySection} route=${route} live=${live} />
    <${AutopilotSection} id=${id} live=${live} />
    <${HistorySection} id=${id} live=${live} />
    ${isFlipping && html`<${FlipDialog} route=${route} onClose=${() => setFlipping(false)} />`}`;
}

type Figure = (point: Point, path: 'direct' | 'gateway') => number | null;
const rate: Figure = ({ paths }, path) => (paths[path] ? paths[path].requests / 60 : null);
const failures: Figure = ({ paths }, path) => {
  const minute = paths[path];
  return minute && minute.requests > 0 ? (100 * minute.failures) / minute.requests : null;
};
const p95: Figure = ({ paths }, path) => paths[path]?.p95 ?? null;

function PathCard({ name, path }: { name: string; path: PathView | undefined }) {
  if (!path)
    return html`<section class="card">
      <h2>${name}</h2>
      <p class="quiet">The route has no such face.</p>
    </section>`;
  const { lastMinute, breaker, faces } = path;
  return html`<section class="card">
    <h2>${name}</h2>
    <p><code>${faces[0]}</code></p>
    <dl>
      <dt>Rate</dt>
      <dd>${perSecond(lastMinute)}</dd>
      <dt>Failures</dt>
      <dd class=${lastMinute && lastMinute.failures > 0 ? 'bad' : ''}>${errorShare(lastMinute)}</dd>
      <dt>p50, p95, p99</dt>
      <dd>${[lastMinute?.p50, lastMinute?.p95, lastMinute?.p99].map(milliseconds).join(', ')}</dd>
      <dt>Breaker</dt>
      <dd class=${breaker === 'closed' ? '' : 'bad'}>${breaker}</dd>
    </dl>
  </section>`;
}

function ParitySection({ route, live }: { route: RouteView; live: Live }) {
  const compared = route.parity?.compared ?? 0;
  const loaded = useLoaded(
    () => readIfThere<ParityReport>(`parity/${encodeURIComponent(route.id)}`),
    [route.id, live.flips, Math.floor(compared / 10)],
  );
  return html`<section aria-labelledby="parity">
    <h2 id="parity">Parity</h2>
    ${shown(loaded, (report) => (report ? html`<${Report} report=${report} route=${route} />` : html`<p class="quiet">Nothing was compared.</p>`))}
  </section>`;
}

function Report({ report, route }: { report: ParityReport; route: RouteView }) {
  const { counts, parity, groups, coverage, verdict } = report;
  const bounds =
    parity.low === null || parity.high === null ? '' : ` (95 %: ${percent(parity.low)} to ${percent(parity.high)})`;
  return html`<p><${Parity} parity=${route.parity} />${bounds}</p>
    <p>${verdict.text}</p>
    <p class="quiet">
      ${counts.match} match, ${counts.mismatch} mismatch, ${counts.ignored} ignored, ${counts.error} not judged.
    </p>
    ${
      groups.length > 0 &&
      html`<h3>What differs</h3>
        <ul class="groups">
          ${groups.map(({ text, standing }) => html`<li><code>${text}</code> <span class="tag">${standing}</span></li>`)}
        </ul>`
    }
    ${
      coverage.unseen.length > 0 &&
      html`<h3>Asked by callers, not compared yet</h3>
        <ul class="groups">
          ${coverage.unseen.map((fact) => html`<li><code>${fact}</code></li>`)}
        </ul>`
    }`;
}

function AutopilotSection({ id, live }: { id: string; live: Live }) {
  const [turn, setTurn] = useState(0);
  const loaded = useLoaded(
    () => readIfThere<AutopilotReport>(`autopilot/${encodeURIComponent(id)}`),
    [id, live.flips, turn],
  );
  const order = async (kind: 'pause' | 'resume'): Promise<void> => {
    await change('POST', `autopilot/${encodeURIComponent(id)}/${kind}`, { who: 'console' });
    setTurn(turn + 1);
  };
  return html`<section aria-labelledby="autopilot">
    <h2 id="autopilot">Autopilot</h2>
    ${shown(loaded, (report) =>
      report
        ? html`<p><strong>${report.phase}</strong>, mode ${report.mode}, steps ${report.steps.join(', ')} %.</p>
            <p>${report.decision}: ${report.why}</p>
            <p class="quiet">Since ${timeOf(report.since)}${report.until ? `, until ${timeOf(report.until)}` : ''}.</p>
            ${
              report.proposal &&
              html`<h3>It proposes</h3>
                <pre>${report.proposal.diff}</pre>`
            }
            <button onClick=${() => void order(report.phase === 'paused' ? 'resume' : 'pause')}>
              ${report.phase === 'paused' ? 'Resume' : 'Pause'}
            </button>`
        : html`<p class="quiet">This route is not on autopilot.</p>`,
    )}
  </section>`;
}

function HistorySection({ id, live }: { id: string; live: Live }) {
  const loaded = useLoaded(
    () => readIfThere<History>(`history?limit=20&route=${encodeURIComponent(id)}`),
    [id, live.flips],
  );
  return html`<section aria-labelledby="history">
    <h2 id="history">History</h2>
    ${shown(loaded, (page) => html`<${Lines} lines=${page?.history ?? []} />`)}
  </section>`;
}
