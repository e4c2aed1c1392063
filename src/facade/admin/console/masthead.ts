import { change } from './api.ts';
import { Confirm, Signature, signed } from './confirm.ts';
import type { Live } from './live.ts';
import type { Shared, Snapshot } from './model.ts';
import { html, useState } from './vendor/preact.js';

const SAID: Readonly<Record<Live['connection'], string>> = {
  connecting: 'connecting',
  live: 'live',
  lost: 'connection lost, trying again',
  unauthorized: 'signed out',
  refused: 'refused',
};

/** @param by who holds the kill switch on (`facade/forward/kill-switch.ts`). */
const whyAllDirect = (by: readonly string[]): string =>
  by.join() === 'unknown'
    ? 'Every route is direct: the database has not said yet whether the kill switch is on, or the file that says so cannot be read. Switch it off here to let the gateway serve.'
    : 'The kill switch is on: every route is direct, whatever the rollout table says.';

/** Where one is, whether the figures are live, and the one switch that takes everything back. */
export function Masthead({ live, address }: { live: Live; address: string }) {
  const [isAsking, ask] = useState(false);
  const on = live.snapshot?.killSwitch ?? false;
  const press = async (form: FormData): Promise<void> => {
    await change(on ? 'DELETE' : 'PUT', 'kill-switch', signed(form));
    ask(false);
  };
  const hasDeadLetters = live.snapshot?.extensionRoutes.includes('/dead-letters') ?? false;
  const isBoard = !['history', 'migration', 'unknown-writes', 'dead-letters'].includes(address);
  return html`<header>
      <a class="brand" href="#/">c2s-facade</a>
      <nav aria-label="Pages">
        <a href="#/" aria-current=${isBoard ? 'page' : undefined}>Routes</a>
        <a href="#/migration" aria-current=${address === 'migration' ? 'page' : undefined}>Migration</a>
        <a href="#/history" aria-current=${address === 'history' ? 'page' : undefined}>History</a>
        <a href="#/unknown-writes" aria-current=${address === 'unknown-writes' ? 'page' : undefined}>Unknown writes</a>
        ${
          hasDeadLetters &&
          html`<a href="#/dead-letters" aria-current=${address === 'dead-letters' ? 'page' : undefined}
            >Dead letters</a
          >`
        }
      </nav>
      <span class=${`status ${live.connection}`} role="status">${SAID[live.connection]}</span>
      <button class=${on ? 'primary' : 'danger'} disabled=${!live.snapshot} onClick=${() => ask(true)}>
        ${on ? 'Switch the kill switch off' : 'Kill switch'}
      </button>
    </header>
    ${on && html`<p class="banner" role="alert">${whyAllDirect(live.snapshot?.killSwitchBy ?? [])}</p>`}
    ${troublesOf(live.snapshot?.shared).map((trouble) => html`<p class="banner calm" role="status">${trouble}</p>`)}
    ${illnessesOf(live.snapshot?.upstreams).map((illness) => html`<p class="banner calm" role="status">${illness}</p>`)}
    ${
      live.snapshot?.gateway === false &&
      html`<p class="banner calm">No gateway is configured: every route is direct, whatever the rollout table says.</p>`
    }
    ${
      isAsking &&
      html`<${Confirm}
        title=${on ? 'Switch the kill switch off?' : 'Switch the kill switch on?'}
        action=${on ? 'Switch it off' : 'Send every route direct'}
        onConfirm=${press}
        onClose=${() => ask(false)}
      >
        <p>
          ${
            on
              ? 'Each route goes back to the share that the rollout table gives it, from the next request on.'
              : 'From the next request on nothing is asked of the gateway. The rollout table stays as it is.'
          }
        </p>
        <${Signature} optional=${true} />
      <//>`
    }`;
}

/** What the health checks say, where it is not that all is well. */
function illnessesOf(upstreams: Snapshot['upstreams'] = {}): string[] {
  return (['direct', 'gateway'] as const).flatMap((path) => {
    const { health, result = '', status } = upstreams[path] ?? {};
    const found = status === undefined ? result.replaceAll('_', ' ') : `${result.replaceAll('_', ' ')}: ${status}`;
    if (health === 'unproven')
      return `The health checks of ${path} say nothing (${found}): the path in upstreams.${path}.health is wrong, or the status is to be expected.`;
    if (health !== 'unhealthy') return [];
    const effect =
      path === 'gateway' ? 'routes with fallback: direct are served by direct' : 'it is asked all the same';
    return `The health checks of ${path} fail (${found}): ${effect}.`;
  });
}

/** Seconds. The database is asked something every second. */
const LONG_SILENCE = 10;

/** What an operator must know before a flip: how far this instance hears of the others, and they of it. */
function troublesOf(shared: Shared | undefined): string[] {
  if (!shared) return [];
  const { databaseSilence = 0, steering, unstarted = {} } = shared;
  const { behind, isKillSwitchKept, wentBack } = steering;
  const troubles = Object.entries(unstarted).map(([part, reason]) => `${part} did not start yet: ${reason}`);
  if (databaseSilence > LONG_SILENCE)
    troubles.push(
      `The database has not answered for ${Math.round(databaseSilence)} s: flips are neither made nor heard of here. The kill switch works, on each instance by itself.`,
    );
  if (behind > 0) troubles.push(`${behind} newer revisions are known and do not serve here yet.`);
  if (!isKillSwitchKept)
    troubles.push(
      'The kill switch as it was set here is not in the database yet: the other instances do not hear of it.',
    );
  if (wentBack)
    troubles.push(
      `The database went back from revision ${wentBack.from} to ${wentBack.to} at ${wentBack.at}: flips between them are gone from it.`,
    );
  return troubles;
}
