import { read } from './api.ts';
import { Board } from './board.ts';
import { ShadowBudget } from './drift.ts';
import { FlipDialog } from './flip.ts';
import { grouped, percent } from './format.ts';
import { beatOf, type Live } from './live.ts';
import { useLatest } from './load.ts';
import type { AutopilotReport, NeedsJson, RouteJson, Snapshot, SparklinesJson } from './model.ts';
import { needsOf, needsText, type Need } from './needs.ts';
import { STAGES, type Flipping } from './order.ts';
import { html, useState } from './vendor/preact.js';

/** How far the migration is, what needs a human, and every route with its two paths. */

/** Milliseconds. What is counted in the database is not asked for at every beat. */
const SLOW_BEAT_MS = 15_000;

export function OverviewPage({ live }: { live: Live }) {
  const snapshot = live.snapshot as Snapshot;
  const { routes } = snapshot;
  const [flipping, setFlipping] = useState<Flipping | undefined>(undefined);
  const [stage, setStage] = useState('');
  const autopilot = useAutopilot(live);
  const needs = useNeeds(live, autopilot);
  const lines = useLatest(() => read<SparklinesJson>('timeline'), [Math.floor(snapshot.at / SLOW_BEAT_MS)]);
  const targets = routes.filter(({ id }) => flipping?.routes.includes(id));
  return html`<h1 class="hidden">Overview</h1>
    <${Headline} routes=${routes} needs=${needs} isDirect=${snapshot.killSwitch} />
    <${Stages} routes=${routes} stage=${stage} onStage=${setStage} />
    <${ShadowBudget} budget=${snapshot.shadowBudget} />
    <${Needs} needs=${needs} onFlip=${setFlipping} />
    <${Board}
      snapshot=${snapshot}
      lines=${lines}
      autopilot=${autopilot}
      stage=${stage}
      onStage=${setStage}
      onFlip=${setFlipping}
    />
    ${
      targets.length > 0 &&
      html`<${FlipDialog} routes=${targets} proposed=${flipping?.proposed} onClose=${() => setFlipping(undefined)} />`
    }`;
}

function useAutopilot(live: Live): readonly AutopilotReport[] {
  const isAny = live.snapshot?.routes.some(({ autopilot }) => autopilot !== null) === true;
  const none = { routes: [] as readonly AutopilotReport[] };
  const latest = useLatest(
    () => (isAny ? read<typeof none>('autopilot') : Promise.resolve(none)),
    [isAny && beatOf(live)],
  );
  return latest?.routes ?? none.routes;
}

function useNeeds(live: Live, autopilot: readonly AutopilotReport[]): readonly Need[] {
  const snapshot = live.snapshot as Snapshot;
  const slowBeat = Math.floor(snapshot.at / SLOW_BEAT_MS);
  const counts = useLatest(() => read<NeedsJson>('needs'), [slowBeat]);
  const deadLetters = counts?.waiting['/dead-letters'] ?? 0;
  return needsOf({ snapshot, autopilot, unknownWrites: counts?.unknownWrites ?? 0, deadLetters });
}

/** Of the requests of the last hour, of the routes that have both paths. */
function migrated(routes: readonly RouteJson[]): { readonly share: number | undefined; readonly requests: number } {
  const both = routes.filter(({ paths }) => paths.direct && paths.gateway);
  const sum = (path: 'direct' | 'gateway'): number =>
    both.reduce((total, { paths }) => total + (paths[path]?.lastHour?.requests ?? 0), 0);
  const requests = sum('direct') + sum('gateway');
  return { share: requests === 0 ? undefined : sum('gateway') / requests, requests };
}

function Headline(props: { routes: readonly RouteJson[]; needs: readonly Need[]; isDirect: boolean }) {
  const { routes, needs, isDirect } = props;
  const { share, requests } = migrated(routes);
  const level = needs[0]?.level ?? 'none';
  return html`<div class="headline">
    <p class="hidden" role="status">${failingText(needs)}</p>
    <p class="hero">
      <strong>${share === undefined ? 'No requests yet' : `${percent(share)} migrated`}</strong>
      <span class="quiet" aria-hidden="true"> · </span>
      <a class=${`needs-you ${level}`} href="#needs" onClick=${(event: Event) => toNeeds(event)}>${needsText(needs)}</a>
    </p>
    <p class="quiet">
      ${
        share === undefined
          ? 'Send requests to the public port; every route that serves one moves to the top.'
          : `The gateway answered that share of ${grouped(requests)} requests in the last hour.`
      }
      ${isDirect && html`<strong class="warn"> Nothing goes to it now.</strong>`}
    </p>
  </div>`;
}

/** Said when it begins and when it ends: what fails, and neither how often nor what is only proposed. */
function failingText(needs: readonly Need[]): string {
  const failing = needs.filter(({ level }) => level === 'bad').map(({ route, text }) => route ?? text);
  return failing.length === 0 ? '' : `Failing: ${failing.join(', ')}`;
}

function toNeeds(event: Event): void {
  event.preventDefault();
  document.getElementById('needs')?.focus();
}

/** How many routes are at which stage, as one bar; a click shows them alone. */
function Stages(props: { routes: readonly RouteJson[]; stage: string; onStage: (stage: string) => void }) {
  const { routes, stage, onStage } = props;
  const counts = STAGES.map((each) => [each, routes.filter((route) => route.stage === each).length] as const);
  return html`<div class="stages" role="group" aria-label="Routes by stage">
    ${counts.map(
      ([each, count]) =>
        html`<button
          class=${`stage-part ${each}`}
          style=${`flex-grow:${count}`}
          aria-pressed=${stage === each}
          disabled=${count === 0}
          onClick=${() => onStage(stage === each ? '' : each)}
        >
          <strong>${count}</strong> ${each}
        </button>`,
    )}
  </div>`;
}

const MARKS: Readonly<Record<Need['level'], string>> = { bad: 'fails', warn: 'look', info: 'act' };
/** More would push the board out of sight. */
const MAX_NEEDS = 6;

function Needs({ needs, onFlip }: { needs: readonly Need[]; onFlip: (flipping: Flipping) => void }) {
  const [isWhole, setWhole] = useState(false);
  if (needs.length === 0) return null;
  const seen = isWhole ? needs : needs.slice(0, MAX_NEEDS);
  return html`<section class="panel" aria-labelledby="needs">
    <h2 id="needs" tabindex="-1">Needs you <span class="count">${needs.length}</span></h2>
    <ul class="needs" role="list">
      ${seen.map(
        (need) =>
          html`<li class=${need.level}>
            <span class=${`mark ${need.level}`}><span class="hidden">${MARKS[need.level]}: </span></span>
            <a href=${need.href}>${need.route ?? need.text}</a>
            <span class="what"
              >${need.route !== undefined && html`<span class="say">${need.text}</span>`}
              ${need.detail && html` <span class="quiet">${need.detail}</span>`}</span
            >
            ${
              need.proposed !== undefined &&
              need.route !== undefined &&
              html`<button
                aria-label=${`Review the proposal for ${need.route}`}
                onClick=${() => onFlip({ routes: [need.route as string], proposed: need.proposed })}
              >
                Review
              </button>`
            }
          </li>`,
      )}
    </ul>
    ${
      needs.length > MAX_NEEDS &&
      html`<button class="link" onClick=${() => setWhole(!isWhole)}>
        ${isWhole ? 'Show less' : `Show all ${needs.length}`}
      </button>`
    }
  </section>`;
}
