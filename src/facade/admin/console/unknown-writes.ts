import { change, read } from './api.ts';
import { Confirm, Signature, signed } from './confirm.ts';
import { beatOf, type Live } from './live.ts';
import { shown, useLoaded } from './load.ts';
import type { UnknownWriteJson, UnknownWritesJson, UnknownWriteStateJson } from './model.ts';
import { html, useState } from './vendor/preact.js';
import { When } from './when.ts';

/** Writes of which nobody knows whether they were carried out, and what a human says of them. */

const MAX_WRITES = 200;

const SAID: Readonly<Record<UnknownWriteStateJson, string>> = {
  open: 'looked for',
  arrived: 'arrived',
  not_arrived: 'did not arrive',
  cannot_tell: 'cannot be told',
  settled: 'settled',
};

export function UnknownWritesPage({ live }: { live: Live }) {
  const beat = beatOf(live);
  const [asked, ask] = useState<UnknownWriteJson | undefined>(undefined);
  const [done, setDone] = useState(0);
  const loaded = useLoaded(() => read<UnknownWritesJson>(`unknown-writes?limit=${MAX_WRITES}`), [done, beat]);
  return html`<div class="title"><h1>Unknown writes</h1></div>
    ${shown(
      loaded,
      ({ kept, counts, unknownWrites, next }) =>
        html`${unknownWrites.length > 0 && html`<p class="quiet">${countsText(counts, next !== undefined)} Kept ${kept}</p>`}
          <${Writes} writes=${unknownWrites} onAsk=${ask} />`,
    )}
    ${asked && html`<${Dialog} write=${asked} onDone=${() => setDone(done + 1)} onClose=${() => ask(undefined)} />`}`;
}

const countsText = (counts: UnknownWritesJson['counts'], isCut: boolean): string =>
  `${Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${SAID[state as UnknownWriteStateJson]}`)
    .join(', ')}.${isCut ? ` The newest ${MAX_WRITES} are shown.` : ''}`;

function Writes({
  writes,
  onAsk,
}: {
  writes: readonly UnknownWriteJson[];
  onAsk: (write: UnknownWriteJson | undefined) => void;
}) {
  if (writes.length === 0)
    return html`<p class="quiet">
      No unknown writes. A write that was cut off after it may have been received stands here, with what the facade
      found.
    </p>`;
  return html`<table class="history">
    <caption class="hidden">
      Unknown writes, newest first
    </caption>
    <thead>
      <tr>
        <th scope="col">Route</th>
        <th scope="col">When</th>
        <th scope="col">Ids</th>
        <th scope="col">Path</th>
        <th scope="col">Outcome</th>
        <th scope="col">State</th>
        <th scope="col"><span class="hidden">Change</span></th>
      </tr>
    </thead>
    <tbody>
      ${writes.map(
        (write) =>
          html`<tr key=${write.id}>
            <th scope="row">${nameOf(write)}<br /><code title="Request id">${write.requestId}</code></th>
            <td data-label="When"><${When} at=${write.at} /></td>
            <td data-label="Ids"><code>${write.params.join(' ')}</code></td>
            <td data-label="Path">${write.path}</td>
            <td data-label="Outcome">${write.outcome ?? 'the process ended'}</td>
            <td data-label="State" title=${JSON.stringify(write.shape)}>${stateText(write)}</td>
            <td>
              ${
                write.state !== 'settled' &&
                html`<button onClick=${() => onAsk(write)} aria-label=${`Settle: ${nameOf(write)} ${write.requestId}`}>
                  Settle
                </button>`
              }
            </td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

const nameOf = ({ route, method, template }: UnknownWriteJson): string =>
  route === 'passthrough' ? `${method} ${template}` : route;

function stateText({ state, why, missing, settlement }: UnknownWriteJson): string {
  if (settlement) return `settled by ${settlement.who}: ${settlement.why}`;
  const detail = why ?? (missing.length > 0 ? `missing: ${missing.join(', ')}` : '');
  return detail === '' ? SAID[state] : `${SAID[state]} (${detail})`;
}

interface DialogProps {
  readonly write: UnknownWriteJson;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function Dialog({ write, onDone, onClose }: DialogProps) {
  const confirm = async (form: FormData): Promise<void> => {
    const found = form.get('found');
    const isSaid = found === 'arrived' || found === 'not_arrived';
    await change('POST', 'unknown-writes/settle', { ids: [write.id], ...signed(form), ...(isSaid && { found }) });
    onDone();
    onClose();
  };
  return html`<${Confirm} title=${`Settle ${nameOf(write)}?`} action="Settle" onConfirm=${confirm} onClose=${onClose}>
    <p>Look in the CRM first. Who asks again with the same Idempotency-Key is told what you say here.</p>
    <div role="radiogroup" aria-label="What you found">
      <label><input type="radio" name="found" value="arrived" /> It is there.</label>
      <label><input type="radio" name="found" value="not_arrived" /> It is not there: it may be sent again.</label>
      <label><input type="radio" name="found" value="" checked /> Nobody can tell.</label>
    </div>
    <${Signature} />
  <//>`;
}
