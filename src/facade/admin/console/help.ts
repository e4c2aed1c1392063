import { html } from './vendor/preact.js';

/** Keys, colours and the words of the console. */

const KEYS: readonly (readonly [string, string])[] = [
  ['k', 'Search pages and routes; Ctrl+K in a field too'],
  ['/', 'Filter the board'],
  ['Esc', 'Close a dialog'],
];

const WORDS: readonly (readonly [string, string])[] = [
  ['Route', 'One operation of the API, as the rollout table names it.'],
  ['Path', 'Who answers: direct, the old API, or gateway, its replacement.'],
  [
    'Stage',
    'direct: the old API alone. shadow: copies are compared. canary: the gateway serves a part. gateway: all of it. retired: without a way back.',
  ],
  [
    'Share',
    'Percent of the values of stickyBy, a lead for example, that the gateway serves. A value stays on its path.',
  ],
  ['Flip', 'A change of a route’s share, comparison or fallback. Every flip is a revision, and can be rolled back.'],
  ['Kill switch', 'Sends every route direct at once. The rollout table stays as it is.'],
  ['Attempt', 'One try on one path. A request may take two: what the gateway failed, direct answers.'],
  ['Failover', 'A failed attempt of the gateway that direct was asked for instead.'],
  ['Breaker', 'Opens when a path fails too often. While it is open the path is not asked.'],
  ['Parity', 'How often both paths give the same answer, and what is proved of it.'],
  [
    'Verdict',
    'ready: enough was compared and it agrees. not ready: differences count against the gateway. cannot be measured: too little is known.',
  ],
  [
    'Standing',
    'fault: the gateway’s doing. suspect: never seen between two answers of direct. noise: differs by itself. known: in knownDifferences.',
  ],
  ['Gate', 'What must hold before the autopilot takes the next step.'],
  ['Unknown write', 'A write that was cut off after it may have been received.'],
  ['Dead letter', 'An enrichment that a human must look at.'],
];

export function HelpPage() {
  return html`<div class="title"><h1>Help</h1></div>
    <div class="columns even">
      <section class="panel" aria-labelledby="words">
        <h2 id="words">Glossary</h2>
        <dl class="words">
          ${WORDS.map(
            ([word, meaning]) =>
              html`<dt>${word}</dt>
                <dd>${meaning}</dd>`,
          )}
        </dl>
      </section>
      <div>
        <section class="panel" aria-labelledby="keys">
          <h2 id="keys">Keys</h2>
          <dl>
            ${KEYS.map(
              ([key, meaning]) =>
                html`<dt><kbd>${key}</kbd></dt>
                  <dd>${meaning}</dd>`,
            )}
          </dl>
        </section>
        <section class="panel" aria-labelledby="colours">
          <h2 id="colours">Colours</h2>
          <ul class="plain">
            <li><span class="swatch direct"></span> direct</li>
            <li><span class="swatch gateway"></span> gateway</li>
            <li><span class="swatch failed"></span> what fails</li>
            <li><span class="swatch warned"></span> look at it; nothing fails</li>
          </ul>
        </section>
        <section class="panel" aria-labelledby="stuck">
          <h2 id="stuck">I flipped and nothing happens</h2>
          <ul class="plain">
            <li>Only known callers reach the gateway: present a token of <code>FACADE_TOKENS</code>.</li>
            <li>The kill switch, an open breaker or a missing <code>C2S_GATEWAY_URL</code> sends all of it direct.</li>
            <li>A value stays on its path: at 5 % most values are still direct.</li>
            <li><a href="#/explain">Explain</a> says of one request which path it takes, and why.</li>
          </ul>
        </section>
      </div>
    </div>`;
}
