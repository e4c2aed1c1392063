import { read } from './api.ts';
import { grouped } from './format.ts';
import { beatOf, type Live } from './live.ts';
import { shown, useLoaded } from './load.ts';
import type { ConfigJson, Shared } from './model.ts';
import { html } from './vendor/preact.js';
import { When } from './when.ts';

/** This instance: what it serves by, and how far it is with what the others flip. */
export function InstancePage({ live }: { live: Live }) {
  const loaded = useLoaded(() => read<ConfigJson>('config'), [beatOf(live)]);
  return html`<div class="title"><h1>Instance</h1></div>
    <p class="quiet">
      The instance that answers this console. Others behind the same database say the same on their own admin port.
    </p>
    <div class="columns even">
      <section class="panel" aria-labelledby="table">
        <h2 id="table">Rollout table</h2>
        ${shown(loaded, (config) => html`<${Table} config=${config} />`)}
      </section>
      <section class="panel" aria-labelledby="steering">
        <h2 id="steering">Shared state</h2>
        <${SharedState} shared=${live.snapshot?.shared} />
      </section>
    </div>`;
}

function Table({ config: { file, digest, loadedAt, gateway, lastError } }: { config: ConfigJson }) {
  return html`<dl>
      <dt>File</dt>
      <dd><code>${file}</code></dd>
      <dt>Digest</dt>
      <dd><code>${digest}</code></dd>
      <dt>Loaded</dt>
      <dd><${When} at=${loadedAt} /></dd>
      <dt>Gateway</dt>
      <dd>${gateway}</dd>
    </dl>
    ${
      lastError &&
      html`<p class="bad">The file was refused <${When} at=${lastError.at} />; what served before serves on:</p>
        <ul class="plain">
          ${lastError.problems.map((problem) => html`<li>${problem}</li>`)}
        </ul>`
    }`;
}

function SharedState({ shared }: { shared: Shared | undefined }) {
  const { database = 'unknown', databaseSilence, steering } = shared ?? {};
  const isFine = database === 'open' || database === 'none';
  return html`<dl>
    <dt>Database</dt>
    <dd class=${isFine ? '' : 'bad'}>
      ${database}${databaseSilence !== undefined && `, answered ${Math.round(databaseSilence)} s ago`}
    </dd>
    <dt>Revision that serves</dt>
    <dd>${steering?.revision === undefined ? '–' : grouped(steering.revision)}</dd>
    <dt>Behind</dt>
    <dd class=${(steering?.behind ?? 0) > 0 ? 'warn' : ''}>${grouped(steering?.behind ?? 0)} revisions</dd>
    <dt>Kill switch kept</dt>
    <dd>${steering?.isKillSwitchKept === false ? 'not in the database yet' : 'yes'}</dd>
  </dl>`;
}
