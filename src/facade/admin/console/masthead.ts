import { change } from './api.ts';
import { Confirm, Signature, signed } from './confirm.ts';
import type { Live } from './live.ts';
import type { Shared, Snapshot } from './model.ts';
import { LONG_SILENCE } from './needs.ts';
import { menuOf, routeOf } from './pages.ts';
import { openPalette } from './palette.ts';
import { say } from './toast.ts';
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

/** The pages, in two groups. */
export function Menu({ live, address }: { live: Live; address: string }) {
  const pages = menuOf(live.snapshot?.extensionRoutes ?? []);
  const at = routeOf(address) === undefined ? address : '';
  return html`<div class="menu">
    <div>
      <a class="brand" href="#/" aria-label="c2s-facade"
        ><span class="logo" aria-hidden="true"></span><span class="name">c2s-facade</span></a
      >
      <nav aria-label="Pages">
        ${(['Operate', 'Inspect'] as const).map(
          (group) =>
            html`<p class="group" aria-hidden="true">${group}</p>
              ${pages
                .filter((page) => page.group === group)
                .map(
                  (page) =>
                    html`<a href=${`#/${page.address}`} aria-current=${page.address === at ? 'page' : undefined}
                      >${page.title}</a
                    >`,
                )}`,
        )}
      </nav>
    </div>
  </div>`;
}

/** The search, whether the figures are live, and the one switch that takes everything back. */
export function Masthead({ live }: { live: Live }) {
  const [isAsking, ask] = useState(false);
  const on = live.snapshot?.killSwitch ?? false;
  const press = async (form: FormData): Promise<void> => {
    await change(on ? 'DELETE' : 'PUT', 'kill-switch', signed(form));
    say({ text: on ? 'Switched off: routes go by the rollout table again.' : 'Switched on: every route is direct.' });
    ask(false);
  };
  return html`<header>
      <button class="search" onClick=${openPalette} aria-keyshortcuts="k">
        Search or jump to … <kbd aria-hidden="true">k</kbd>
      </button>
      <span class=${`status ${live.connection}`} role="status">${SAID[live.connection]}</span>
      <button class=${on ? 'primary' : 'kill'} disabled=${!live.snapshot} onClick=${() => ask(true)}>
        ${on ? 'Switch the kill switch off' : 'Kill switch'}
      </button>
    </header>
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

/** What holds for every route. */
export function Banners({ live }: { live: Live }) {
  const { snapshot } = live;
  return html`${snapshot?.killSwitch && html`<p class="banner" role="alert">${whyAllDirect(snapshot.killSwitchBy)}</p>`}
  ${illnessesOf(snapshot?.upstreams).map((illness) => html`<p class="banner calm" role="status">${illness}</p>`)}
  ${troublesOf(snapshot?.shared).map((trouble) => html`<p class="banner calm" role="status">${trouble}</p>`)}
  ${
    snapshot?.gateway === false &&
    html`<p class="banner calm">No gateway is configured: every route is direct, whatever the rollout table says.</p>`
  }`;
}

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
