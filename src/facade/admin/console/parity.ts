import { named, read } from './api.ts';
import { moodOf } from './board.ts';
import { Drift, ShadowBudget } from './drift.ts';
import { fixed, grouped, interval, percent } from './format.ts';
import { shown, useLoaded } from './load.ts';
import type {
  DifferenceGroupJson,
  DifferenceStandingJson,
  IntervalJson,
  ParityReportJson,
  RouteJson,
  SampleJson,
  SamplesJson,
  ShadowBudgetJson,
} from './model.ts';
import { rulesFor } from './paste.ts';
import { differingPlaces } from './sample-diff.ts';
import { html, useState } from './vendor/preact.js';

interface ParityProps {
  readonly route: RouteJson;
  readonly beat: number;
  readonly budget: ShadowBudgetJson | undefined;
}

/** What the shadows showed of a route: the share, what differs and whether that is held against the gateway, and what nobody compared. */
export function ParitySection({ route, beat, budget }: ParityProps) {
  const loaded = useLoaded(() => read<ParityReportJson>(`parity/${named(route.id)}`), [beat]);
  return html`<section aria-labelledby="parity" class="panel">
    <h2 id="parity">Parity</h2>
    <${ShadowBudget} budget=${budget} route=${route.id} />
    ${shown(loaded, (report) => [
      report.window.shadows === 0 && !report.readBacks
        ? html`<p class="quiet">
            Nothing was compared${route.rollout.shadow === 0 ? ': no share of the reads is copied' : ' yet'}.
          </p>`
        : html`<${Report} report=${report} route=${route.id} />`,
      report.drift && html`<${Drift} route=${route.id} drift=${report.drift} />`,
    ])}
  </section>`;
}

function Report({ report, route }: { report: ParityReportJson; route: string }) {
  const { counts, errors, parity, noise, groups, proposedRules, coverage, verdict, latency, readBacks } = report;
  const notJudged = Object.entries(errors).map(([why, count]) => `${grouped(count)} ${why.replaceAll('_', ' ')}`);
  return html`<p class=${`verdict ${moodOf(verdict.kind)}`}>${verdict.text}</p>
    <dl class="wide">
      <dt>Parity, and what is proved of it</dt>
      <dd>${interval(parity)}, ${percent(parity.wanted)} wanted</dd>
      <dt>Compared</dt>
      <dd>${grouped(counts.match)} match, ${grouped(counts.mismatch)} mismatch, ${grouped(counts.ignored)} ignored</dd>
      <dt>Of them with data on both sides</dt>
      <dd>${grouped(counts.data)}</dd>
      <dt>Not judged</dt>
      <dd>${notJudged.length === 0 ? 'none' : notJudged.join(', ')}</dd>
      <dt>Direct against itself</dt>
      <dd>${grouped(noise.samples)} compared, ${grouped(noise.wanted)} wanted; ${interval(noise.differing)} differ</dd>
      ${
        readBacks &&
        html`<dt>Writes read back</dt>
          <dd>
            ${grouped(readBacks.arrived)} arrived, ${grouped(readBacks.notArrived)} did not,
            ${grouped(readBacks.cannotTell)} could not be
            told${readBacks.share.value === null ? '' : `; ${interval(readBacks.share)} arrive`}
          </dd>`
      }
      ${PERCENTILES.map(([name, title]) => {
        const ratio = latency?.ratio[name];
        return (
          ratio &&
          typeof ratio.value === 'number' &&
          html`<dt>${title}</dt>
            <dd>${timesDirect(ratio)}</dd>`
        );
      })}
    </dl>
    ${groups.length > 0 && html`<${Groups} groups=${groups} route=${route} />`}
    ${
      proposedRules !== undefined &&
      html`<details>
        <summary>Rules that would leave out what differs by itself</summary>
        <p class="quiet">Add them to the route in the rollout table.</p>
        <pre>${proposedRules}</pre>
      </details>`
    }
    ${
      coverage.unseen.length > 0 &&
      html`<h3>Asked by callers, not compared yet</h3>
        <${Unseen} facts=${coverage.unseen} />`
    }`;
}

/** A count of each kind, with its list behind it. */
function Unseen({ facts }: { facts: readonly string[] }) {
  const kinds = [...new Set(facts.map((fact) => fact.split(' ', 1)[0] ?? ''))].toSorted();
  return kinds.map((kind) => {
    const of = facts.filter((fact) => fact.startsWith(`${kind} `));
    return html`<details>
      <summary>${grouped(of.length)} ${kind}</summary>
      <ul class="plain">
        ${of.map((fact) => html`<li><code>${fact}</code></li>`)}
      </ul>
    </details>`;
  });
}

const PERCENTILES = [
  ['p50', 'Median'],
  ['p95', '95th percentile'],
  ['p99', '99th percentile'],
] as const;

/** `1.02 (0.97 to 1.08) times that of direct` */
function timesDirect({ value, low, high }: IntervalJson): string {
  const text = (part: number | null) => (part === null ? '–' : fixed(part, 2));
  return `${text(value)} (${text(low)} to ${text(high)}) times that of direct`;
}

const MEANING: Readonly<Record<DifferenceStandingJson, string>> = {
  fault: 'the gateway’s doing',
  suspect: 'never seen in direct alone; counts as the gateway’s',
  noise: 'differs by itself',
  known: 'in the table’s list',
};

function Groups({ groups, route }: { groups: readonly DifferenceGroupJson[]; route: string }) {
  const [open, setOpen] = useState<string | undefined>(undefined);
  return html`<h3>What differs</h3>
    <table>
      <caption class="hidden">
        Differences, the most frequent first
      </caption>
      <thead>
        <tr>
          <th scope="col">Where</th>
          <th scope="col">What</th>
          <th scope="col">Standing</th>
          <th scope="col">Against the gateway</th>
          <th scope="col">Direct alone</th>
          <th scope="col"><span class="hidden">Sample</span></th>
        </tr>
      </thead>
      <tbody>
        ${groups.map((group) => {
          const key = keyOf(group);
          const { path, kind, from, to, standing, cross, noise, ledger, isExpired, directChanged } = group;
          const isOpen = open === key;
          return html`<tr>
              <th scope="row"><code>${path === '' ? 'the whole answer' : path}</code></th>
              <td data-label="What">${kind} <code>${from} → ${to}</code></td>
              <td data-label="Standing">
                <span class=${`tag ${standing}`}>${standing}</span>${' '}
                <span class="quiet">
                  ${ledger && standing === 'known' ? `${ledger.why} (${ledger.owner})` : MEANING[standing]}
                  ${isExpired ? ', its entry in the list has expired' : ''}${directChanged ? '; direct changed here' : ''}
                </span>
              </td>
              <td data-label="Against the gateway">${grouped(cross.count)} of ${grouped(cross.of)}</td>
              <td data-label="Direct alone">${grouped(noise.count)} of ${grouped(noise.of)}</td>
              <td class="act">
                <button
                  aria-expanded=${isOpen}
                  aria-label=${`Sample: ${path === '' ? 'the whole answer' : path} ${kind}`}
                  onClick=${() => setOpen(isOpen ? undefined : key)}
                >
                  Sample
                </button>
              </td>
            </tr>
            ${
              isOpen &&
              html`<tr class="opened">
                <td colspan="6"><${Sample} route=${route} group=${group} /></td>
              </tr>`
            }`;
        })}
      </tbody>
    </table>`;
}

/** As a sample names the difference (`compare/groups.ts`). */
const keyOf = ({ path, kind, from, to }: DifferenceGroupJson): string =>
  `${path === '' ? '(the answer)' : path}: ${kind} ${from}→${to}`;

function Sample({ route, group }: { route: string; group: DifferenceGroupJson }) {
  const loaded = useLoaded(() => read<SamplesJson>(`parity/${named(route)}/samples`), [route]);
  return html`${shown(loaded, ({ samples }) => {
      const sample = samples.findLast(({ differences }) => differences.includes(keyOf(group)));
      return sample
        ? html`<${Places} sample=${sample} />`
        : html`<p class="quiet">No sample of it is kept by this process: the newest few of each route are.</p>`;
    })}
    <details>
      <summary>Rules to paste, if this difference is right</summary>
      <pre>${rulesFor(route, group)}</pre>
    </details>`;
}

function Places({ sample }: { sample: SampleJson }) {
  const places = differingPlaces(sample);
  if (places.length === 0)
    return html`<p class="quiet">
      What differs is hidden: both values are personal data, and stand for the same in the redacted sample.
    </p>`;
  return html`<table class="diff">
    <caption class="quiet">
      The newest sample, redacted
    </caption>
    <thead>
      <tr>
        <th scope="col">Place</th>
        <th scope="col">Direct</th>
        <th scope="col">Gateway</th>
      </tr>
    </thead>
    <tbody>
      ${places.map(
        ({ place, direct, gateway }) =>
          html`<tr>
            <th scope="row"><code>${place}</code></th>
            <td data-label="Direct"><pre>${direct ?? 'not there'}</pre></td>
            <td data-label="Gateway"><pre>${gateway ?? 'not there'}</pre></td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
