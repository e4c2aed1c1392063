import { change } from './api.ts';
import { Confirm, Signature, signed } from './confirm.ts';
import { forced, Guard, lackOf } from './guard.ts';
import type { FlipCheckJson, FlipResultJson, RouteJson } from './model.ts';
import { html, useEffect, useState } from './vendor/preact.js';

interface FlipDialogProps {
  readonly route: RouteJson;
  /** Percent that is written in already: what the autopilot proposes. */
  readonly proposed?: number | undefined;
  readonly onClose: () => void;
}

/** The dialog of a flip: from where to where, and why. Refused when somebody else changed the route meanwhile. */
export function FlipDialog({ route, proposed, onClose }: FlipDialogProps) {
  // As it was when the dialog opened: if it is no longer so, somebody else was faster, and the flip is refused.
  const [{ gateway, shadow }] = useState(route.rollout);
  // Text, not numbers: half of a number that is being typed must stay as it is.
  const [asked, setAsked] = useState(String(proposed ?? gateway));
  const [compared, setCompared] = useState(String(shadow));
  const hasBoth = route.paths.direct !== undefined && route.paths.gateway !== undefined;
  const canCompare = route.safety === 'safe' && hasBoth;
  const set = { gateway: Number(asked), ...(canCompare && { shadow: Number(compared) }) };
  const checks = useChecks({ changes: [{ route: route.id, set }] }, asked !== '' && compared !== '');
  const confirm = async (form: FormData): Promise<void> => {
    const changes = [{ route: route.id, set, from: { gateway, shadow } }];
    await change('POST', 'flips', { changes, ...forced(checks), ...signed(form) });
    onClose();
  };
  const dialog = { title: `Flip ${route.id}`, action: 'Flip', onConfirm: confirm, onClose };
  return html`<${Confirm} ...${dialog} lack=${(form: FormData | undefined) => lackOf(checks, form)}>
    <label for="gateway">Share that the gateway serves, in %</label>
    <div class="share">
      <${Percent} id="gateway" value=${asked} onValue=${setAsked} step=${hasBoth ? '0.01' : '100'} />
      <div class="quick" role="group" aria-label="Common shares">
        ${(hasBoth ? [0, 1, 5, 25, 50, 100] : [0, 100]).map(
          (share) =>
            html`<button type="button" aria-label=${`${share} %`} onClick=${() => setAsked(String(share))}>
              ${share}
            </button>`,
        )}
      </div>
    </div>
    ${
      canCompare &&
      html`<label for="shadow">Share of the reads that is copied and compared, in %</label>
        <${Percent} id="shadow" value=${compared} onValue=${setCompared} step="0.01" />`
    }
    <${Guard} checks=${checks} />
    <${Signature} />
    <p class="quiet">
      Now ${gateway} %${Number(asked) === gateway ? '' : `, then ${Number(asked)} %`}. A value that is on a path stays
      there: only those between the two shares move.
    </p>
  <//>`;
}

/** Milliseconds: what is being typed is not asked about digit by digit. */
const TYPED_MS = 200;

/** What the facade says of the flip as it is typed in; nothing while that is no number. */
function useChecks(asked: object, isWhole: boolean): readonly FlipCheckJson[] {
  const [checks, setChecks] = useState<readonly FlipCheckJson[]>([]);
  const body = JSON.stringify({ ...asked, dryRun: true });
  useEffect(() => {
    let isWanted = true;
    const ask = async (): Promise<void> => {
      // A flip that cannot be made says so when it is asked for.
      const plan = await change<FlipResultJson>('POST', 'flips', JSON.parse(body) as object).catch(() => undefined);
      if (isWanted) setChecks(plan?.guard ?? []);
    };
    const timer = setTimeout(() => void (isWhole ? ask() : setChecks([])), TYPED_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [body, isWhole]);
  return checks;
}

interface PercentProps {
  readonly id: string;
  readonly value: string;
  readonly step: string;
  readonly onValue: (value: string) => void;
}

function Percent({ id, value, step, onValue }: PercentProps) {
  return html`<input
    id=${id}
    type="number"
    inputmode="decimal"
    min="0"
    max="100"
    step=${step}
    required
    value=${value}
    onInput=${(event: InputEvent) => onValue((event.target as HTMLInputElement).value)}
  />`;
}
