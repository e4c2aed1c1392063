import { breakerText, errorShare, faultText, isFailing, milliseconds, NOTHING, percent, perSecond } from './format.ts';
import type {
  AutopilotReport,
  ParitySummaryJson,
  PathJson,
  RouteJson,
  Snapshot,
  SparklineJson,
  SparklinesJson,
} from './model.ts';
import { routeHref } from './needs.ts';
import { DEFAULT_SORT, isActive, nextSort, sorted, STAGES, type Flipping, type Sort, type SortKey } from './order.ts';
import { Sparkline } from './sparkline.ts';
import { html, useEffect, useLayoutEffect, useRef, useState } from './vendor/preact.js';

interface BoardProps {
  readonly snapshot: Snapshot;
  readonly lines: SparklinesJson | undefined;
  readonly autopilot: readonly AutopilotReport[];
  readonly stage: string;
  readonly onStage: (stage: string) => void;
  readonly onFlip: (flipping: Flipping) => void;
}

/** Every route: its stage, its share, and its two paths side by side. */
export function Board({ snapshot, lines, autopilot, stage, onStage, onFlip }: BoardProps) {
  const [search, setSearch] = useState('');
  const [sort, setSort] = useState<Sort>(DEFAULT_SORT);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const focused = useKeptFocus();
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = sorted(snapshot.routes, sort).filter(
    (route) =>
      (stage === '' || (stage === 'failing' ? hasFailures(route) : route.stage === stage)) && matches(route, words),
  );
  const idle = sort.key === 'active' ? shown.filter((route) => !isActive(route)) : [];
  const choose = (id: string, isChosen: boolean): void =>
    setChosen(new Set([...chosen].filter((each) => each !== id).concat(isChosen ? [id] : [])));
  const row = (route: RouteJson) => {
    const report = autopilot.find((each) => each.route === route.id);
    const props = { route, report, line: lines?.routes[route.id], isKilled: snapshot.killSwitch, onFlip };
    return html`<${Row} key=${route.id} ...${props} isChosen=${chosen.has(route.id)} onChoose=${choose} />`;
  };
  return html`<section class="panel board-panel" aria-labelledby="routes">
    <div class="bar">
      <h2 id="routes">Routes</h2>
      <${Filter} search=${search} onSearch=${setSearch} stage=${stage} onStage=${onStage} />
      <span class="quiet" role="status">${shown.length} of ${snapshot.routes.length}</span>
      ${
        chosen.size > 0 &&
        html`<span class="chosen">
          <button class="primary" onClick=${() => onFlip({ routes: [...chosen] })}>Flip ${chosen.size} chosen</button>
          <button onClick=${() => setChosen(new Set())}>Choose none</button>
        </span>`
      }
    </div>
    <table class="board">
      <caption class="hidden">
        Routes, with the last minute of each path
      </caption>
      <${Head} sort=${sort} onSort=${setSort} />
      <tbody onFocusIn=${(event: FocusEvent) => (focused.current = event.target as HTMLElement)}>
        ${shown.filter((route) => !idle.includes(route)).map(row)}
        ${
          idle.length > 0 &&
          html`<tr class="divider" key="divider">
            <td colspan="9">${idle.length} without requests in the last hour</td>
          </tr>`
        }
        ${idle.map(row)}
      </tbody>
    </table>
    ${shown.length === 0 && html`<p class="quiet">No route matches.</p>`}
  </section>`;
}

interface FilterProps {
  readonly search: string;
  readonly onSearch: (search: string) => void;
  readonly stage: string;
  readonly onStage: (stage: string) => void;
}

function Filter({ search, onSearch, stage, onStage }: FilterProps) {
  const field = useSearchKey();
  return html`<form class="filter" role="search" onSubmit=${(event: Event) => event.preventDefault()}>
    <label class="hidden" for="search">Search</label>
    <input
      id="search"
      ref=${field}
      type="search"
      placeholder="Filter routes  ( / )"
      value=${search}
      onInput=${(event: InputEvent) => onSearch((event.target as HTMLInputElement).value)}
    />
    <label class="hidden" for="stage">Stage</label>
    <select id="stage" value=${stage} onChange=${(event: Event) => onStage((event.target as HTMLSelectElement).value)}>
      <option value="">all stages</option>
      ${STAGES.map((each) => html`<option value=${each}>${each}</option>`)}
      <option value="failing">with failures</option>
    </select>
  </form>`;
}

/** Columns that can be sorted by have a key. */
const COLUMNS: readonly (readonly [title: string, key?: SortKey])[] = [
  ['Route', 'name'],
  ['Stage'],
  ['Share', 'share'],
  ['Attempts, 15 min', 'attempts'],
  ['Direct, p95', 'p95'],
  ['Gateway, p95', 'failures'],
  ['Parity', 'parity'],
  ['Autopilot'],
];
/** What a column is sorted by, where its title does not say it. */
const SORTED_BY: Readonly<Partial<Record<SortKey, string>>> = {
  attempts: 'attempts of the last minute',
  p95: 'the higher 95th percentile',
  failures: 'failed attempts',
};

function Head({ sort, onSort }: { sort: Sort; onSort: (sort: Sort) => void }) {
  const direction = (key: SortKey | undefined) =>
    sort.key !== key ? undefined : sort.isDescending ? 'descending' : 'ascending';
  return html`<thead>
    <tr>
      ${COLUMNS.map(
        ([title, key]) =>
          html`<th scope="col" aria-sort=${direction(key)}>
            ${
              key === undefined
                ? title
                : html`<button
                    class="sort"
                    title=${`Sort by ${SORTED_BY[key] ?? title.toLowerCase()}`}
                    onClick=${() => onSort(nextSort(sort, key))}
                  >
                    ${title}
                  </button>`
            }
          </th>`,
      )}
      <th scope="col"><span class="hidden">Change</span></th>
    </tr>
  </thead>`;
}

interface RowProps {
  readonly route: RouteJson;
  readonly report: AutopilotReport | undefined;
  readonly line: SparklineJson | undefined;
  readonly isKilled: boolean;
  readonly isChosen: boolean;
  readonly onChoose: (id: string, isChosen: boolean) => void;
  readonly onFlip: (flipping: Flipping) => void;
}

function Row({ route, report, line, isKilled, isChosen, onChoose, onFlip }: RowProps) {
  const { id, stage, paths } = route;
  const canFlip = paths.gateway !== undefined;
  const kind = isDown(route) ? 'down' : isActive(route) ? '' : 'idle';
  return html`<tr class=${kind}>
    <th scope="row" class=${canFlip ? '' : 'alone'}>
      ${
        // Of direct alone there is nothing to flip to.
        canFlip &&
        html`<input
          type="checkbox"
          aria-label=${`Choose ${id}`}
          checked=${isChosen}
          onChange=${(event: Event) => onChoose(id, (event.target as HTMLInputElement).checked)}
        />`
      }
      <a href=${routeHref(id)}>${id}</a>
    </th>
    <td data-label="Stage"><span class=${`stage ${stage}`}>${stage}</span></td>
    <td data-label="Share"><${Share} route=${route} isKilled=${isKilled} /></td>
    <td data-label="Attempts, 15 min"><${Sparkline} line=${line} /></td>
    <td data-label="Direct"><${PathCell} path=${paths.direct} /></td>
    <td data-label="Gateway"><${PathCell} path=${paths.gateway} /></td>
    <td data-label="Parity"><${Parity} parity=${route.parity} /></td>
    <td data-label="Autopilot"><${Autopilot} route=${route} report=${report} /></td>
    <td class="act">
      ${canFlip && html`<button onClick=${() => onFlip({ routes: [id] })} aria-label=${`Flip ${id}`}>Flip</button>`}
    </td>
  </tr>`;
}

/** What is configured, and beside it what the gateway really answered where that is something else. */
function Share({ route, isKilled }: { route: RouteJson; isKilled: boolean }) {
  const { gateway, shadow } = route.rollout;
  const { lastHourShare } = route;
  const isOther = lastHourShare !== null && Math.abs(lastHourShare - gateway) >= 1;
  const isStopped = isKilled && gateway > 0;
  return html`<span class="share-cell">
      <span class=${`meter ${isStopped ? 'stopped' : ''}`} aria-hidden="true"
        ><span style=${`inline-size:${gateway}%`}></span
      ></span>
      ${isStopped ? html`<s class="number">${gateway} %</s>` : html`<span class="number">${gateway} %</span>`}
      ${isStopped && html`<span class="tag warn">kill switch: 0 %</span>`}
    </span>
    <span class="quiet small facts-line">
      ${
        !isStopped &&
        isOther &&
        html`<span title="answered by the gateway in the last hour">${Math.round(lastHourShare)} % in 1 h</span>`
      }
      ${shadow > 0 && html`<span title="share of the reads that is copied and compared">${shadow} % compared</span>`}
    </span>`;
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
            <span class="quiet" title="95th percentile of the last minute">${milliseconds(lastMinute.p95)}</span>
            ${lastMinute.failedAttempts > 0 && html`<span class="bad">${errorShare(lastMinute)} failed</span>`}`
    }
    ${breaker !== 'closed' && html`<span class="tag bad">breaker ${breakerText(path)}</span>`}
    ${path.fault !== undefined && html`<span class="bad">${faultText(path)}</span>`}
  </span>`;
}

/** Of a verdict. Not ready is no failure: nothing of it need serve. */
export const moodOf = (verdict: string): string =>
  verdict === 'ready' ? 'good' : verdict === 'not ready' ? 'warn' : 'quiet';

function Parity({ parity }: { parity: ParitySummaryJson | undefined }) {
  const drift =
    parity?.drift === undefined
      ? ''
      : html` <span class="tag warn" title="direct answers otherwise than in the week before">direct drifts</span>`;
  if (!parity || parity.compared === 0) return html`<span class="quiet">${NOTHING}</span>${drift}`;
  const ratio = parity.ratio === undefined ? '' : percent(parity.ratio);
  return html`<span class="figures"
    ><span title=${`${parity.compared} compared`}>${ratio}</span>
    <span class=${moodOf(parity.verdict)}>${parity.verdict}</span>${drift}</span
  >`;
}

function Autopilot({ route, report }: { route: RouteJson; report: AutopilotReport | undefined }) {
  if (route.autopilot === null) return html`<span class="quiet">${NOTHING}</span>`;
  if (!report?.phase) return html`<span class="quiet">${route.autopilot}</span>`;
  const waiting = Object.values(report.evidence.gates).filter(({ state }) => state !== 'green').length;
  const gates = `${waiting} ${waiting === 1 ? 'gate' : 'gates'} to go`;
  return html`<span class="figures" title=${report.why}
    ><span>${report.proposal ? `proposes ${report.proposal.gateway} %` : report.phase}</span>
    ${!report.proposal && waiting > 0 && html`<span class="quiet">${gates}</span>`}</span
  >`;
}

/** A path of it serves next to nothing. */
const isDown = ({ trouble, paths }: RouteJson): boolean =>
  trouble?.isDown === true ||
  [paths.direct, paths.gateway].some((path) => path?.breaker === 'open' || path?.fault !== undefined);

const hasFailures = ({ paths }: RouteJson): boolean =>
  [paths.direct, paths.gateway].some((path) => path !== undefined && isFailing(path));

const matches = ({ id, paths }: RouteJson, words: readonly string[]): boolean => {
  const text = [id, ...(paths.direct?.endpoints ?? []), ...(paths.gateway?.endpoints ?? [])].join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
};

/** A row that wanders takes the focus along, which the browser takes from what is moved. */
function useKeptFocus() {
  const focused = useRef<HTMLElement | null>(null);
  useLayoutEffect(() => {
    const { current } = focused;
    const isLost = document.activeElement === document.body && document.querySelector('dialog[open]') === null;
    if (isLost && current?.isConnected === true) current.focus({ preventScroll: true });
  });
  return focused;
}

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
