import { agoText, timeOf } from './format.ts';
import { html } from './vendor/preact.js';

/** A time as one speaks of it, with the absolute one on hover. @param now milliseconds since 1970, of the facade */
export function When({ at, now = Date.now() }: { at: string; now?: number }) {
  return html`<time datetime=${at} title=${timeOf(at)}>${agoText(at, now)}</time>`;
}
