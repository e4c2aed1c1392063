import { typed } from './confirm.ts';
import type { FlipCheckJson } from './model.ts';
import { html } from './vendor/preact.js';

/** What the evidence says of a flip before it is made, and the field that overrules it. */

const held = (checks: readonly FlipCheckJson[]): readonly FlipCheckJson[] =>
  checks.filter(({ needsForce }) => needsForce.length > 0);

/** What must be typed to flip with force; undefined: nothing stands against it. */
function nameToType(checks: readonly FlipCheckJson[]): string | undefined {
  const [first, ...others] = held(checks);
  return others.length === 0 ? first?.route : `${others.length + 1} routes`;
}

/** Why the flip cannot be asked for yet; empty: it can. */
export function lackOf(checks: readonly FlipCheckJson[], form: FormData | undefined): string {
  const name = nameToType(checks);
  if (name === undefined) return '';
  const isNamed = form !== undefined && typed(form, 'force') === name;
  const isReasoned = form !== undefined && typed(form, 'why') !== '';
  if (isNamed && isReasoned) return '';
  const missing = [...(isNamed ? [] : [`type ${name}`]), ...(isReasoned ? [] : ['say why'])];
  return `To flip all the same, ${missing.join(' and ')}.`;
}

/** As the API wants it. */
export const forced = (checks: readonly FlipCheckJson[]): { force?: true } =>
  held(checks).length === 0 ? {} : { force: true };

export function Guard({ checks }: { checks: readonly FlipCheckJson[] }) {
  const name = nameToType(checks);
  return html`<div class="guard" role="status">
      ${checks.map((check) => html`<${Check} check=${check} isAlone=${checks.length === 1} />`)}
    </div>
    ${
      name !== undefined &&
      html`<label for="force">Type <code>${name}</code> to flip all the same</label>
        <input id="force" name="force" autocomplete="off" autocapitalize="off" spellcheck=${false} />`
    }`;
}

/** Verdicts that say nothing. */
const UNTOLD: ReadonlySet<string> = new Set(['one endpoint', 'not asked']);

function Check({ check, isAlone }: { check: FlipCheckJson; isAlone: boolean }) {
  const { route, verdict, because, warnings, gatewayLacksOperation, gatewayTrouble, needsForce } = check;
  const isHeld = needsForce.length > 0;
  return html`${
    !UNTOLD.has(verdict) &&
    html`<p class=${isHeld ? 'bad' : 'quiet'}>
      ${!isAlone && `${route}: `}Parity: <strong>${verdict}</strong>${because.map((reason) => `, ${reason}`)}
    </p>`
  }
  ${gatewayLacksOperation && html`<p class="bad">The gateway answered last that it does not have this operation.</p>`}
  ${gatewayTrouble && html`<p class=${gatewayTrouble.isDown ? 'bad' : 'quiet'}>Now ${gatewayTrouble.text}.</p>`}
  ${warnings.map(({ message, remedy }) => html`<p class="quiet">Warning: ${message}; ${remedy}</p>`)}
  ${isHeld && html`<p class="bad">It needs force: ${needsForce.join('; ')}.</p>`}`;
}
