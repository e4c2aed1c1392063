import { change, read } from './api.ts';
import { Confirm, typed } from './confirm.ts';
import { timeOf } from './format.ts';
import type { Live } from './live.ts';
import { shown, useLoaded } from './load.ts';
import type { History, HistoryLine, Rollout } from './model.ts';
import { html, useState } from './vendor/preact.js';

/** Every flip, newest first, and the way back to any of them. */
export function HistoryPage({ live }: { live: Live }) {
  const [target, setTarget] = useState<number | undefined>(undefined);
  const [rolledBack, setRolledBack] = useState(0);
  const loaded = useLoaded(() => read<History>('history?limit=200'), [live.flips, rolledBack]);
  const confirm = async (form: FormData): Promise<void> => {
    await change('POST', 'rollback', {
      revision: target,
      why: typed(form, 'why'),
      who: 'console',
      source: 'console',
    });
    setTarget(undefined);
    setRolledBack(rolledBack + 1);
  };
  return html`<h1>History</h1>
    ${shown(loaded, ({ history }) => html`<${Lines} lines=${history} onRollback=${setTarget} />`)}
    ${
      target !== undefined &&
      html`<${Confirm}
        title=${`Roll back to revision ${target}`}
        action="Roll back"
        onConfirm=${confirm}
        onClose=${() => setTarget(undefined)}
      >
        <p>Every route gets the shares that it had after revision ${target}. The roll back is a flip of its own.</p>
        <label for="why">Why</label>
        <input id="why" name="why" required maxlength="200" />
      <//>`
    }`;
}

/** @param onRollback left out where the list only tells */
export function Lines({
  lines,
  onRollback,
}: {
  lines: readonly HistoryLine[];
  onRollback?: (revision: number) => void;
}) {
  if (lines.length === 0) return html`<p class="quiet">Nothing was flipped yet.</p>`;
  const newest = lines[0]?.revision;
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
      ${lines.map(
        (line, i) =>
          html`<tr>
            <th scope="row">${line.revision}</th>
            <td data-label="When"><time datetime=${line.at}>${timeOf(line.at)}</time></td>
            <td data-label="What">${whatOf(line)}</td>
            <td data-label="Who">${line.who} <span class="quiet">${line.source}</span></td>
            <td data-label="Why">${line.why}</td>
            ${
              onRollback &&
              html`<td>
                ${
                  line.revision !== newest &&
                  line.revision !== lines[i - 1]?.revision &&
                  html`<button
                    onClick=${() => onRollback(line.revision)}
                    aria-label=${`Roll back to revision ${line.revision}`}
                  >
                    Roll back to here
                  </button>`
                }
              </td>`
            }
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function whatOf(line: HistoryLine) {
  if (line.kind === 'kill-switch') return line.to ? 'everything direct' : 'everything direct: ended';
  const changed = (['gateway', 'shadow', 'fallback', 'stickyBy'] as const)
    .filter((key) => line.from[key] !== line.to[key])
    .map((key) => `${key} ${show(key, line.from[key])} → ${show(key, line.to[key])}`);
  return html`<a href=${`#/routes/${encodeURIComponent(line.route)}`}>${line.route}</a> ${changed.join(', ')}`;
}

const show = (key: keyof Rollout, value: number | string): string =>
  key === 'gateway' || key === 'shadow' ? `${value} %` : String(value);
