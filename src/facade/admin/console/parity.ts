import { named, read } from './api.ts';
import { Drift, ShadowBudget } from './drift.ts';
import { moodOf } from './board.ts';
import { grouped, interval, percent } from './format.ts';
import { shown, useLoaded } from './load.ts';
import type {
  DifferenceGroupJson,
  IntervalJson,
  ParityReportJson,
  RouteJson,
  ShadowBudgetJson,
  DifferenceStandingJson,
} from './model.ts';
import { html } from './vendor/preact.js';

/** What the shadows showed of a route: the share, what differs and whether that is held against the gateway, and what nobody compared. */
export function ParitySection({
  route,
  beat,
  budget,
}: {
  route: RouteJson;
  beat: number;
  budget: ShadowBudgetJson | undefined;
}) {
  const loaded = useLoaded(() => read<ParityReportJson>(`parity/${named(route.id)}`), [beat]);
  return html`<section aria-labelledby="parity">
    <h2 id="parity">Parity</h2>
    <${ShadowBudget} budget=${budget} route=${route.id} />
    ${shown(loaded, (report) => [
      report.window.shadows === 0 && !report.readBacks
        ? html`<p class="quiet">
            Nothing was compared${route.rollout.shadow === 0 ? ': no share of the reads is copied' : ' yet'}.
          </p>`
        : html`<${Report} report=${report} />`,
      report.drift && html`<${Drift} route=${route.id} drift=${report.drift} />`,
    ])}
  </section>`;
}

function Report({ report }: { report: ParityReportJson }) {
  const { counts, errors, parity, noise, groups, proposedRules, coverage, verdict, latency, readBacks } = report;
  const notJudged = Object.entries(errors).map(([why, count]) => `${grouped(count)} ${why.replaceAll('_', ' ')}`);
  return html`<p class=${moodOf(verdict.kind)}>${verdict.text}</p>
    <dl>
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
    ${groups.length > 0 && html`<${Groups} groups=${groups} />`}
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
  const text = (part: number | null) => part?.toFixed(2) ?? '–';
  return `${text(value)} (${text(low)} to ${text(high)}) times that of direct`;
}

const MEANING: Readonly<Record<DifferenceStandingJson, string>> = {
  fault: 'the gateway’s doing',
  suspect: 'never seen in direct alone; counts as the gateway’s',
  noise: 'differs by itself',
  known: 'in the table’s list',
};

function Groups({ groups }: { groups: readonly DifferenceGroupJson[] }) {
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
        </tr>
      </thead>
      <tbody>
        ${groups.map(
          ({ path, kind, from, to, standing, cross, noise, ledger, isExpired, directChanged }) =>
            html`<tr>
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
            </tr>`,
        )}
      </tbody>
    </table>`;
}
