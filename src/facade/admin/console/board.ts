import { ShadowBudget } from './drift.ts';
import { FlipDialog } from './flip.ts';
import { breakerText, errorShare, faultText, isFailing, milliseconds, NOTHING, percent, perSecond } from './format.ts';
import type { Live } from './live.ts';
import type { ParitySummaryJson, PathJson, RouteJson, Snapshot } from './model.ts';
import { html, useEffect, useRef, useState } from './vendor/preact.js';

const STAGES = ['direct', 'shadow', 'canary', 'gateway', 'retired'];

/** The migration at a glance: each route, its stage, and its two paths side by side. */
export function Board({ live }: { live: Live }) {
  const snapshot = live.snapshot as Snapshot;
  const [search, setSearch] = useState('');
  const [stage, setStage] = useState('');
  const [flipping, setFlipping] = useState<string | undefined>(undefined);
  const field = useSearchKey();
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = snapshot.routes.filter(
    (route) =>
      (stage === '' || (stage === 'failing' ? hasFailures(route) : route.stage === stage)) && matches(route, words),
  );
  const target = snapshot.routes.find(({ id }) => id === flipping);
  return html`<h1>Routes</h1>
    <${Progress} routes=${snapshot.routes} />
    <p class="bad notice" role="status">${troubleOf(snapshot.routes)}</p>
    <${ShadowBudget} budget=${snapshot.shadowBudget} />
    <form class="filter" role="search" onSubmit=${(event: Event) => event.preventDefault()}>
      <label for="search">Search</label>
      <input
        id="search"
        ref=${field}
        type="search"
        placeholder="leads messages  ( / )"
        value=${search}
        onInput=${(event: InputEvent) => setSearch((event.target as HTMLInputElement).value)}
      />
      <span class="field"
        ><label for="stage">Stage</label>
        <select
          id="stage"
          value=${stage}
          onChange=${(event: Event) => setStage((event.target as HTMLSelectElement).value)}
        >
          <option value="">all</option>
          ${STAGES.map((each) => html`<option value=${each}>${each}</option>`)}
          <option value="failing">with failures</option>
        </select></span
      >
      <span class="quiet" role="status">${shown.length} of ${snapshot.routes.length}</span>
    </form>
    <table class="board">
      <caption class="hidden">
        Routes, with the last minute of each path
      </caption>
      <thead>
        <tr>
          <th scope="col">Route</th>
          <th scope="col">Stage</th>
          <th scope="col">Direct</th>
          <th scope="col">Gateway</th>
          <th scope="col">Parity</th>
          <th scope="col"><span class="hidden">Change</span></th>
        </tr>
      </thead>
      <tbody>
        ${shown.map((route) => html`<${Row} key=${route.id} route=${route} onFlip=${() => setFlipping(route.id)} />`)}
      </tbody>
    </table>
    ${shown.length === 0 && html`<p class="quiet">No route is like that.</p>`}
    ${target && html`<${FlipDialog} route=${target} onClose=${() => setFlipping(undefined)} />`}`;
}

function Row({ route, onFlip }: { route: RouteJson; onFlip: () => void }) {
  const { gateway, shadow } = route.rollout;
  return html`<tr class=${isDown(route) ? 'down' : ''}>
    <th scope="row">
      <a href=${`#/routes/${encodeURIComponent(route.id)}`}>${route.id}</a>
      ${route.trouble && html`<span class="bad trouble">${route.trouble.text}</span>`}
    </th>
    <td data-label="Stage">
      <span class=${`stage ${route.stage}`}>${route.stage}</span>
      <span class="meter" aria-hidden="true"><span style=${`inline-size:${gateway}%`}></span></span>
      <span class="number">${gateway} %</span>
      ${
        route.lastHourShare !== null &&
        html`<span class="quiet" title="answered by the gateway in the last hour">1 h: ${route.lastHourShare} %</span>`
      }
      ${shadow > 0 && html`<span class="quiet">${shadow} % compared</span>`}
      ${route.autopilot !== null && html`<span class="tag">autopilot</span>`}
    </td>
    <td data-label="Direct"><${PathCell} path=${route.paths.direct} /></td>
    <td data-label="Gateway"><${PathCell} path=${route.paths.gateway} /></td>
    <td data-label="Parity"><${Parity} parity=${route.parity} /></td>
    <td>
      ${
        // Of direct alone there is nothing to flip to.
        route.paths.gateway && html`<button onClick=${onFlip} aria-label=${`Flip ${route.id}`}>Flip</button>`
      }
    </td>
  </tr>`;
}

function PathCell({ path }: { path: PathJson | undefined }) {
  if (!path) return html`<span class="quiet">none</span>`;
  const { lastMinute, breaker } = path;
  const isQuiet = !lastMinute || lastMinute.attempts === 0;
  return html`<span class="figures">
    ${
      isQuiet
        ? html`<span class="quiet">${NOTHING}</span>`
        : html`<span>${perSecond(lastMinute)}</span>
            <span class=${lastMinute.failedAttempts > 0 ? 'bad' : ''}>${errorShare(lastMinute)} err</span>
            <span title="95th percentile">${milliseconds(lastMinute.p95)}</span>`
    }
    ${breaker !== 'closed' && html`<span class="bad">breaker ${breakerText(path)}</span>`}
    ${path.fault !== undefined && html`<span class="bad">${faultText(path)}</span>`}
  </span>`;
}

/** Of a verdict. */
export const moodOf = (verdict: string): string =>
  verdict === 'ready' ? 'good' : verdict === 'not ready' ? 'bad' : 'quiet';

function Parity({ parity }: { parity: ParitySummaryJson | undefined }) {
  const drift =
    parity?.drift === undefined
      ? ''
      : html`${' '}<span class="tag fault" title="direct answers otherwise than in the week before"
            >direct drifts</span
          >`;
  if (!parity || parity.compared === 0) return html`<span class="quiet">${NOTHING}</span>${drift}`;
  const ratio = parity.ratio === undefined ? '' : `${percent(parity.ratio)} of ${parity.compared}, `;
  return html`<span class=${moodOf(parity.verdict)}>${ratio}${parity.verdict}</span>${drift}`;
}

/** Said once when it begins and when it ends: half-open is no news of either. */
function troubleOf(routes: readonly RouteJson[]): string {
  const broken = routes.flatMap(({ id, paths }) =>
    (['direct', 'gateway'] as const)
      .filter((path) => (paths[path]?.breaker ?? 'closed') !== 'closed')
      .map((path) => `${id} (${path})`),
  );
  return broken.length === 0 ? '' : `Not closed: the breaker of ${broken.join(', ')}.`;
}

/** How far the whole is: of all two-faced routes, how many are at which stage. */
function Progress({ routes }: { routes: readonly RouteJson[] }) {
  const counts = STAGES.map((stage) => ({ stage, count: routes.filter((route) => route.stage === stage).length }));
  return html`<ul class="progress">
    ${counts.map(
      ({ stage, count }) =>
        html`<li class=${stage} style=${`flex-grow:${count}`} data-empty=${count === 0}>
          <strong>${count}</strong> ${stage}
        </li>`,
    )}
  </ul>`;
}

const matches = ({ id, paths }: RouteJson, words: readonly string[]): boolean => {
  const text = [id, ...(paths.direct?.endpoints ?? []), ...(paths.gateway?.endpoints ?? [])].join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
};

/** A path of it serves next to nothing. */
const isDown = ({ trouble, paths }: RouteJson): boolean =>
  trouble?.isDown === true ||
  [paths.direct, paths.gateway].some((path) => path?.breaker === 'open' || path?.fault !== undefined);

const hasFailures = ({ paths }: RouteJson): boolean =>
  [paths.direct, paths.gateway].some((path) => path !== undefined && isFailing(path));

/** `/` goes to the search field, as everywhere. */
function useSearchKey() {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const isTyping = (event.target as HTMLElement).closest('input, select, textarea, dialog') !== null;
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      field.current?.focus();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
  return field;
}
