import { change, read } from './api.ts';
import { Confirm, signed, YourName } from './confirm.ts';
import { shown, useLoaded } from './load.ts';
import type { DeadLetterJson, DeadLetters } from './model.ts';
import { html, useState } from './vendor/preact.js';
import { When } from './when.ts';

/** What an extension could not bring to its end, and what a human does about it. */

/** What is asked for once more. Undefined letter: all that are listed. */
interface Intent {
  readonly action: 'retry' | 'settle';
  readonly letter: DeadLetterJson | undefined;
}

const MAX_LETTERS = 200;

export function DeadLettersPage() {
  const [intent, setIntent] = useState<Intent | undefined>(undefined);
  const [done, setDone] = useState(0);
  const loaded = useLoaded(() => read<DeadLetters>(`dead-letters?limit=${MAX_LETTERS}`), [done]);
  return html`${shown(
    loaded,
    ({ counts, deadLetters, next }) =>
      html`<div class="title">
          <h1>Dead letters</h1>
          <button
            disabled=${deadLetters.length === 0}
            onClick=${() => setIntent({ action: 'retry', letter: undefined })}
          >
            Try all again
          </button>
        </div>
        ${deadLetters.length > 0 && html`<p class="quiet">${countsText(counts, next !== undefined)}</p>`}
        <${Letters} letters=${deadLetters} onAsk=${setIntent} />
        ${
          intent &&
          html`<${Dialog} ...${intent} onDone=${() => setDone(done + 1)} onClose=${() => setIntent(undefined)} />`
        }`,
  )}`;
}

const countsText = ({ failed, unknown }: DeadLetters['counts'], isCut: boolean): string =>
  `${failed} failed, ${unknown} unknown.${isCut ? ` The newest ${MAX_LETTERS} are shown.` : ''}`;

function Letters({ letters, onAsk }: { letters: readonly DeadLetterJson[]; onAsk: (intent: Intent) => void }) {
  if (letters.length === 0)
    return html`<p class="quiet">
      No dead letters. An enrichment that was given up, or whose message may have arrived, stands here until somebody
      settles it.
    </p>`;
  return html`<table class="history">
    <caption class="hidden">
      Dead letters, newest first
    </caption>
    <thead>
      <tr>
        <th scope="col">Lead</th>
        <th scope="col">Ended</th>
        <th scope="col">State</th>
        <th scope="col">Reason</th>
        <th scope="col">Step</th>
        <th scope="col"><span class="hidden">Change</span></th>
      </tr>
    </thead>
    <tbody>
      ${letters.map(
        (letter) =>
          html`<tr key=${letter.id}>
            <th scope="row"><code>${letter.leadId}</code></th>
            <td data-label="Ended"><${When} at=${letter.finishedAt} /></td>
            <td data-label="State">${letter.state}</td>
            <td data-label="Reason">${letter.reason ?? letter.result}</td>
            <td data-label="Step">${letter.step}</td>
            <td>
              <${AskButton} action="retry" label="Try again" letter=${letter} onAsk=${onAsk} />
              <${AskButton} action="settle" label="Settle" letter=${letter} onAsk=${onAsk} />
            </td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function AskButton({ action, label, letter, onAsk }: Intent & { label: string; onAsk: (intent: Intent) => void }) {
  const name = `${label}: lead ${letter?.leadId}`;
  return html`<button onClick=${() => onAsk({ action, letter })} aria-label=${name}>${label}</button>`;
}

interface DialogProps extends Intent {
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function Dialog({ action, letter, onDone, onClose }: DialogProps) {
  const confirm = async (form: FormData): Promise<void> => {
    const notSent = form.get('not-sent') !== null;
    const chosen = letter ? { ids: [letter.id], ...(notSent && { notSent }) } : { all: true };
    await change('POST', `dead-letters/${action}`, action === 'settle' ? { ...chosen, ...signed(form) } : chosen);
    onDone();
    onClose();
  };
  const one = letter ? `lead ${letter.leadId}` : 'all of them';
  const title = action === 'retry' ? `Try ${one} again?` : `Settle ${one}?`;
  return html`<${Confirm}
    title=${title}
    action=${action === 'retry' ? 'Try again' : 'Settle'}
    onConfirm=${confirm}
    onClose=${onClose}
  >
    <p>
      ${
        action === 'retry'
          ? 'The lead is looked at first: a message that is there is not sent again.'
          : 'Somebody has seen to it. Nothing is sent, and it is not listed any more.'
      }
    </p>
    ${
      action === 'retry' &&
      letter?.state === 'unknown' &&
      html`<label>
        <input type="checkbox" name="not-sent" /> I have looked at the lead: the message is not there.
      </label>`
    }
    ${action === 'settle' && html`<${YourName} />`}
  <//>`;
}
