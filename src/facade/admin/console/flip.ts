import { change, named } from './api.ts';
import { Confirm, Signature, signed } from './confirm.ts';
import { effectText } from './effect.ts';
import { forced, Guard, lackOf } from './guard.ts';
import type { FlipCheckJson, FlipResultJson, RolloutJson, RouteJson } from './model.ts';
import { sayFlipped } from './toast.ts';
import { html, useEffect, useState } from './vendor/preact.js';

interface FlipDialogProps {
  /** At least one. */
  readonly routes: readonly RouteJson[];
  /** Percent that is written in already: what the autopilot proposes. */
  readonly proposed?: number | undefined;
  readonly onClose: () => void;
}

const hasBothPaths = ({ paths }: RouteJson): boolean => paths.direct !== undefined && paths.gateway !== undefined;

/** What all have in common, as text; else empty. */
function common(routes: readonly RouteJson[], key: keyof RolloutJson): string {
  const [first, ...others] = routes.map(({ rollout }) => String(rollout[key]));
  return others.every((value) => value === first) ? (first ?? '') : '';
}

/** The dialog of a flip: from where to where, and why. Refused when somebody else changed a route meanwhile. */
export function FlipDialog({ routes, proposed, onClose }: FlipDialogProps) {
  // As they were when the dialog opened: what is no longer so was flipped by somebody else, and the flip is refused.
  const [before] = useState(routes);
  // Text, not numbers: half of a number that is being typed must stay as it is.
  const [asked, setAsked] = useState(proposed === undefined ? common(before, 'gateway') : String(proposed));
  const [compared, setCompared] = useState(common(before, 'shadow'));
  const [fallback, setFallback] = useState(common(before, 'fallback'));
  const hasBoth = before.every(hasBothPaths);
  const canCompare = hasBoth && before.every(({ safety }) => safety === 'safe');
  const set = {
    ...(asked !== '' && { gateway: Number(asked) }),
    ...(canCompare && compared !== '' && { shadow: Number(compared) }),
    ...(fallback !== '' && fallback !== common(before, 'fallback') && { fallback }),
  };
  const changes = before.map(({ id, rollout: { gateway, shadow } }) => ({ route: id, set, from: { gateway, shadow } }));
  const isWhole = asked !== '' && (before.length > 1 || !canCompare || compared !== '');
  const checks = useChecks({ changes: changes.map(({ route }) => ({ route, set })) }, isWhole);
  const confirm = async (form: FormData): Promise<void> => {
    const result = await change<FlipResultJson>('POST', 'flips', { changes, ...forced(checks), ...signed(form) });
    if (form.get('pause') !== null)
      for (const { id } of piloted) await change('POST', `autopilot/${named(id)}/pause`, { why: 'flipped by hand' });
    sayFlipped(result);
    onClose();
  };
  const piloted = before.filter(({ autopilot }) => autopilot !== null);
  const title = before.length === 1 ? `Flip ${before[0]?.id}` : `Flip ${before.length} routes`;
  const dialog = { title, action: 'Flip', onConfirm: confirm, onClose };
  return html`<${Confirm} ...${dialog} lack=${(form: FormData | undefined) => lackOf(checks, form)}>
    ${before.length > 1 && html`<p class="quiet names">${before.map(({ id }) => id).join(', ')}</p>`}
    <label for="gateway">Share that the gateway serves, in %</label>
    <div class="share">
      <${Percent} id="gateway" value=${asked} onValue=${setAsked} step=${hasBoth ? '0.01' : '100'} isRequired />
      <div class="quick" role="group" aria-label="Common shares">
        ${(hasBoth ? [0, 1, 5, 25, 50, 100] : [0, 100]).map(
          (share) =>
            html`<button
              type="button"
              aria-label=${`${share} %`}
              aria-pressed=${asked === String(share)}
              onClick=${() => setAsked(String(share))}
            >
              ${share}
            </button>`,
        )}
      </div>
    </div>
    ${asked !== '' && html`<p class="effect">${effectText(before, Number(asked))}</p>`}
    ${hasBoth && html`<${More} ...${{ routes: before, canCompare, compared, setCompared, fallback, setFallback }} />`}
    <${Guard} checks=${checks} />
    <${Signature} />
  <//>`;
}

interface MoreProps {
  readonly routes: readonly RouteJson[];
  readonly canCompare: boolean;
  readonly compared: string;
  readonly setCompared: (value: string) => void;
  readonly fallback: string;
  readonly setFallback: (value: string) => void;
}

/** What is seldom changed with the share. */
function More({ routes, canCompare, compared, setCompared, fallback, setFallback }: MoreProps) {
  const isPiloted = routes.some(({ autopilot }) => autopilot !== null);
  // A field that is not right must be seen.
  const open = (event: Event): void => void ((event.currentTarget as HTMLDetailsElement).open = true);
  return html`<details onInvalidCapture=${open}>
    <summary>Comparison, fallback${isPiloted && ', autopilot'}</summary>
    ${
      canCompare &&
      html`<label for="shadow">Share of the reads that is copied and compared, in %</label>
        <${Percent}
          id="shadow"
          value=${compared}
          onValue=${setCompared}
          step="0.01"
          isRequired=${routes.length === 1}
        />`
    }
    <label for="fallback">When the gateway fails</label>
    <select
      id="fallback"
      value=${fallback}
      onChange=${(event: Event) => setFallback((event.target as HTMLSelectElement).value)}
    >
      ${fallback === '' && html`<option value="">as it is</option>`}
      <option value="direct">direct: ask the old path, where that is safe</option>
      <option value="none">none: the caller gets the failure</option>
    </select>
    ${
      isPiloted &&
      html`<label class="check"
        ><input type="checkbox" name="pause" /> Pause the autopilot, so that it does not move this further</label
      >`
    }
  </details>`;
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
  readonly isRequired: boolean;
  readonly onValue: (value: string) => void;
}

function Percent({ id, value, step, isRequired, onValue }: PercentProps) {
  return html`<input
    id=${id}
    type="number"
    inputmode="decimal"
    min="0"
    max="100"
    step=${step}
    required=${isRequired}
    value=${value}
    onInput=${(event: InputEvent) => onValue((event.target as HTMLInputElement).value)}
  />`;
}
