import { change, named, read } from './api.ts';
import { Confirm, Signature, signed } from './confirm.ts';
import { forced, Guard, lackOf } from './guard.ts';
import type { Live } from './live.ts';
import { shown, useLoaded } from './load.ts';
import type { FlipResultJson, HistoryJson, HistoryLine } from './model.ts';
import { changeWords } from './words.ts';
import { html, useState } from './vendor/preact.js';
import { When } from './when.ts';

/** Of one page. */
const REVISIONS = 100;

/** Every flip, newest first, and the way back to any of them. */
export function HistoryPage({ live }: { live: Live }) {
  const [target, setTarget] = useState<number | 'last' | undefined>(undefined);
  const [rolledBack, setRolledBack] = useState(0);
  const [before, setBefore] = useState<number | undefined>(undefined);
  const part = before === undefined ? '' : `&before=${before}`;
  const loaded = useLoaded(
    () => read<HistoryJson>(`history?limit=${REVISIONS}${part}`),
    [live.flips, rolledBack, before],
  );
  return html`${shown(
    loaded,
    ({ flips, revision, kept }) =>
      html`<div class="title">
          <h1>History</h1>
          <button disabled=${!flips.some(({ kind }) => kind === 'flip')} onClick=${() => setTarget('last')}>
            Roll back the last flip
          </button>
        </div>
        <p class="quiet">Kept ${kept.replace(/\.$/, '')}.</p>
        <section class="panel" aria-label="Flips">
          <${Lines} lines=${flips} newest=${revision} onRollback=${setTarget} />
          <div class="buttons">
            ${before !== undefined && html`<button onClick=${() => setBefore(undefined)}>Newest</button>`}
            ${
              flips.length >= REVISIONS &&
              html`<button onClick=${() => setBefore(flips.at(-1)?.revision)}>Older</button>`
            }
          </div>
        </section>
        ${
          target !== undefined &&
          html`<${RollbackDialog}
            target=${target === 'last' ? undefined : target}
            newest=${revision}
            onDone=${() => setRolledBack(rolledBack + 1)}
            onClose=${() => setTarget(undefined)}
          />`
        }`,
  )}`;
}

interface RollbackProps {
  /** Undefined: to before the last flip. */
  readonly target: number | undefined;
  readonly newest: number;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

/** Shows what would change before it is asked for; refused when somebody flips in between. */
function RollbackDialog({ target, newest, onDone, onClose }: RollbackProps) {
  const [expectRevision] = useState(newest);
  const asked = { ...(target !== undefined && { revision: target }), expectRevision };
  const preview = useLoaded(() => change<FlipResultJson>('POST', 'rollback', { ...asked, dryRun: true }), []);
  const checks = preview.kind === 'there' ? (preview.value.guard ?? []) : [];
  const confirm = async (form: FormData): Promise<void> => {
    await change('POST', 'rollback', { ...asked, ...forced(checks), ...signed(form) });
    onDone();
    onClose();
  };
  const title = target === undefined ? 'Roll back the last flip' : `Roll back to revision ${target}`;
  const dialog = { title, action: 'Roll back', onConfirm: confirm, onClose };
  return html`<${Confirm} ...${dialog} lack=${(form: FormData | undefined) => lackOf(checks, form)}>
    ${shown(preview, ({ changes }) =>
      changes.length === 0
        ? html`<p>It is so already: nothing would change.</p>`
        : html`<p>This changes:</p>
            <ul class="plain">
              ${changes.map((each) => html`<li>${each.route} ${changeWords(each)}</li>`)}
            </ul>`,
    )}
    <${Guard} checks=${checks} />
    <p class="quiet">It is a flip of its own, and can be rolled back in turn.</p>
    <${Signature} />
  <//>`;
}

/** @param onRollback left out where the list only tells */
export function Lines({
  lines,
  newest = lines[0]?.revision,
  onRollback,
}: {
  lines: readonly HistoryLine[];
  /** Where not the newest lines are shown: the newest revision that there is. */
  newest?: number | undefined;
  onRollback?: (revision: number) => void;
}) {
  if (lines.length === 0) return html`<p class="quiet">Nothing was flipped yet.</p>`;
  return html`<table class="history">
    <caption class="hidden">
      Flips, newest first
    </caption>
    <thead>
      <tr>
        <th scope="col">Revision</th>
        <th scope="col">When</th>
        <th scope="col">What</th>
        <th scope="col">Who</th>
        <th scope="col">Why</th>
        ${onRollback && html`<th scope="col"><span class="hidden">Change</span></th>`}
      </tr>
    </thead>
    <tbody>
      ${lines.map((line, i) => {
        const isFirstOfIt = line.revision !== newest && line.revision !== lines[i - 1]?.revision;
        return html`<tr>
          <th scope="row">${line.revision}</th>
          <td data-label="When"><${When} at=${line.at} /></td>
          <td data-label="What">${whatOf(line)}</td>
          <td data-label="Who">${line.who} <span class="quiet">${line.source}</span></td>
          <td data-label="Why">${whyOf(line)}</td>
          ${onRollback && html`<td>${isFirstOfIt && html`<${BackButton} ...${line} onRollback=${onRollback} />`}</td>`}
        </tr>`;
      })}
    </tbody>
  </table>`;
}

function BackButton({ revision, onRollback }: { revision: number; onRollback: (revision: number) => void }) {
  const label = `Roll back to here: revision ${revision}`;
  return html`<button onClick=${() => onRollback(revision)} aria-label=${label}>Roll back to here</button>`;
}

function whatOf(line: HistoryLine) {
  if (line.kind === 'kill-switch') return line.to ? 'kill switch on' : 'kill switch off';
  return html`<a href=${`#/routes/${named(line.route)}`}>${line.route}</a> ${changeWords(line)}`;
}

function whyOf(line: HistoryLine) {
  if (line.kind === 'kill-switch' || line.against === undefined) return line.why;
  const { why, forced: isForced, against } = line;
  if (isForced) return html`<strong class="bad" title=${against}>forced</strong> ${why}`;
  return html`${why} <span class="bad">against ${against}</span>`;
}
