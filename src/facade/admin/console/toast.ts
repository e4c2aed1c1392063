import { change } from './api.ts';
import type { FlipResultJson, RolloutJson } from './model.ts';
import { changeWords, ROLLOUT_KEYS } from './words.ts';
import { html, useEffect, useState } from './vendor/preact.js';

/** What an action came to, said in a live region, with the way back. It stays until it is closed or the next one comes. */

interface Toast {
  readonly text: string;
  /** Resolves with what the undo came to. */
  readonly undo?: (() => Promise<string>) | undefined;
  readonly isBad?: boolean;
}

let toast: Toast | undefined;
const listeners = new Set<(toast: Toast | undefined) => void>();

export function say(next: Toast | undefined): void {
  toast = next;
  for (const listener of listeners) listener(next);
}

export function Toasts() {
  const [shown, setShown] = useState(toast);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    listeners.add(setShown);
    return () => void listeners.delete(setShown);
  }, []);
  const undo = async (work: () => Promise<string>): Promise<void> => {
    setBusy(true);
    try {
      say({ text: await work() });
    } catch (error) {
      say({ text: `Not undone: ${(error as Error).message}`, isBad: true });
    }
    setBusy(false);
  };
  return html`<div class="toasts" role="status">
    ${
      shown &&
      html`<div class=${`toast ${shown.isBad === true ? 'bad' : ''}`}>
        <span>${shown.text}</span>
        ${
          shown.undo &&
          html`<button disabled=${isBusy} onClick=${() => void undo(shown.undo as () => Promise<string>)}>Undo</button>`
        }
        <button class="link" aria-label="Close the message" onClick=${() => say(undefined)}>✕</button>
      </div>`
    }
  </div>`;
}

/** Says what a flip changed, and offers to change it back: only while it still is as the flip left it. */
export function sayFlipped({ changes }: FlipResultJson): void {
  if (changes.length === 0) return say({ text: 'No change: it is so already.' });
  const [first, ...others] = changes;
  const text =
    others.length === 0 && first ? `${first.route}: ${changeWords(first)}` : `${changes.length} routes flipped`;
  say({
    text,
    undo: async () => {
      const back = changes.map(({ route, from, to }) => {
        const keys = ROLLOUT_KEYS.filter((key) => from[key] !== to[key]);
        const part = (of: RolloutJson) => Object.fromEntries(keys.map((key) => [key, of[key]]));
        return { route, set: part(from), from: part(to) };
      });
      await change('POST', 'flips', { changes: back, why: 'undo' });
      return `Undone: ${text}`;
    },
  });
}
