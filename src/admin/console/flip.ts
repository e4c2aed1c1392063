import { change } from './api.ts';
import { Confirm, typed } from './confirm.ts';
import type { RouteView } from './model.ts';
import { html, useState } from './vendor/preact.js';

/** The dialog of a flip: from where to where, and why. Refused when somebody else changed the table meanwhile. */
export function FlipDialog({ route, onClose }: { route: RouteView; onClose: () => void }) {
  const { gateway, shadow } = route.rollout;
  const [asked, setAsked] = useState(gateway);
  const hasBoth = route.paths.direct && route.paths.gateway;
  const confirm = async (form: FormData): Promise<void> => {
    const set: Record<string, number> = { gateway: Number(form.get('gateway')) };
    if (form.has('shadow')) set['shadow'] = Number(form.get('shadow'));
    await change('POST', 'flips', {
      // What the operator saw: if it is no longer so, somebody else was faster, and the flip is refused.
      changes: [{ route: route.id, set, from: { gateway, shadow } }],
      why: typed(form, 'why'),
      who: 'console',
      source: 'console',
    });
    onClose();
  };
  return html`<${Confirm} title=${`Flip ${route.id}`} action="Flip" onConfirm=${confirm} onClose=${onClose}>
    <label for="gateway">Share that the gateway serves, in %</label>
    <div class="share">
      <input
        id="gateway"
        name="gateway"
        type="number"
        min="0"
        max="100"
        step=${hasBoth ? '0.01' : '100'}
        required
        value=${asked}
        onInput=${(event: InputEvent) => setAsked(Number((event.target as HTMLInputElement).value))}
      />
      <div class="quick" role="group" aria-label="Common shares">
        ${(hasBoth ? [0, 1, 5, 25, 50, 100] : [0, 100]).map(
          (share) => html`<button type="button" onClick=${() => setAsked(share)}>${share}</button>`,
        )}
      </div>
    </div>
    ${
      route.safety === 'safe' &&
      hasBoth &&
      html`<label for="shadow">Share of the reads that is compared, in %</label>
        <input id="shadow" name="shadow" type="number" min="0" max="100" step="0.01" required value=${shadow} />`
    }
    <label for="why">Why</label>
    <input id="why" name="why" required maxlength="200" placeholder="for the history" />
    <p class="quiet">
      Now ${gateway} %${asked === gateway ? '' : `, then ${asked} %`}. The same leads stay on their side; only those
      between the two shares move.
    </p>
  <//>`;
}
