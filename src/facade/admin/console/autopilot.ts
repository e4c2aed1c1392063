import { change, named, read } from './api.ts';
import { timeOf } from './format.ts';
import { shown, useLoaded } from './load.ts';
import type { AutopilotDecisionJson, AutopilotReport, AutopilotView, RouteJson } from './model.ts';
import { html, useState } from './vendor/preact.js';
import { When } from './when.ts';

interface AutopilotProps {
  readonly route: RouteJson;
  readonly beat: number;
  /** A human does what it proposes. */
  readonly onAccept: (gateway: number) => void;
}

/** What the autopilot waits for, wants and did. Whether a route is on it says the table; only then it is asked. */
export function AutopilotSection(props: AutopilotProps) {
  return html`<section aria-labelledby="autopilot" class="panel">
    <h2 id="autopilot">Autopilot</h2>
    ${
      props.route.autopilot === null
        ? html`<p class="quiet">
            Not on autopilot: only humans flip this route. An <code>autopilot</code> in its entry of the config file
            puts it there.
          </p>`
        : html`<${Piloted} ...${props} />`
    }
  </section>`;
}

function Piloted({ route, beat, onAccept }: AutopilotProps) {
  const [turn, setTurn] = useState(0);
  const [problem, setProblem] = useState('');
  const loaded = useLoaded(() => read<AutopilotView>(`autopilot/${named(route.id)}`), [beat, turn]);
  const order = async (kind: 'pause' | 'resume'): Promise<void> => {
    setProblem('');
    try {
      await change('POST', `autopilot/${named(route.id)}/${kind}`);
    } catch (error) {
      setProblem((error as Error).message);
    }
    setTurn(turn + 1);
  };
  return shown(loaded, (view) => {
    const isPaused = view.phase === 'paused';
    return html`${
        view.phase === undefined
          ? html`<p class="quiet">It has not looked at this route yet.</p>`
          : html`<${Looked} report=${view as AutopilotReport} />`
      }
      <p class="bad" role="alert">${problem}</p>
      <div class="buttons">
        ${
          view.proposal &&
          html`<button class="primary" onClick=${() => onAccept(view.proposal?.gateway ?? 0)}>
            Flip to ${view.proposal.gateway} %
          </button>`
        }
        <button onClick=${() => void order(isPaused ? 'resume' : 'pause')}>
          ${isPaused ? 'Resume the autopilot' : 'Pause the autopilot'}
        </button>
      </div>
      <${Decisions} decisions=${view.decisions} />`;
  });
}

/** Of the gates. */
export const NAMES: Readonly<Record<string, string>> = {
  parity: 'Parity',
  readBack: 'Read back',
  breaker: 'Breaker',
  traffic: 'Traffic',
  errorRate: 'Failures',
  latency: 'Latency',
};

/** In words: a tick, a wait or a cross says the same to the eye. */
const STATES: Readonly<Record<string, string>> = { green: 'holds', waiting: 'waiting', broken: 'broken' };

/** The shares that the autopilot goes through, and where it is. */
export function Steps({ report: { steps, gateway } }: { report: AutopilotReport }) {
  return html`<ol class="steps" aria-label="Steps">
    ${steps.map(
      (step) =>
        html`<li class=${step <= gateway ? 'done' : ''} aria-current=${step === gateway ? 'step' : undefined}>
          ${step} %
        </li>`,
    )}
  </ol>`;
}

function Looked({ report }: { report: AutopilotReport }) {
  const { phase, mode, since, until, decision, why, evidence, proposal } = report;
  return html`<p>
      <strong>${phase}</strong>
      <span class="quiet">
        ${` since ${timeOf(since)}${until ? `, until ${timeOf(until)}` : ''}. It may ${mode === 'apply' ? 'flip by itself' : 'propose'}.`}
      </span>
    </p>
    <${Steps} report=${report} />
    <ul class="gates" role="list" aria-label="What must hold before the next step">
      ${Object.entries(evidence.gates).map(
        ([name, gate]) =>
          html`<li class=${gate.state}>
            <strong>${NAMES[name] ?? name}</strong>
            <span class=${gate.state === 'green' ? 'hidden' : `tag ${gate.state}`}>${STATES[gate.state]}</span>
            <span class="quiet">${gate.why}</span>
          </li>`,
      )}
    </ul>
    <details class="small">
      <summary>Last look: ${decision}</summary>
      <p class="quiet">${why}.</p>
    </details>
    ${
      proposal &&
      html`<h3>It proposes ${proposal.gateway} %</h3>
        <p><code>${proposal.command}</code></p>
        <${Diff} text=${proposal.diff} />`
    }`;
}

function Diff({ text }: { text: string }) {
  const lines = text.trimEnd().split('\n');
  const kindOf = (line: string): string =>
    /^(\+\+\+|---|@@)/.test(line) ? 'quiet' : line.startsWith('+') ? 'good' : line.startsWith('-') ? 'bad' : '';
  return html`<pre>${lines.map((line) => html`<span class=${kindOf(line)}>${line}${'\n'}</span>`)}</pre>`;
}

/** Of the many looks those that moved something. */
function Decisions({ decisions }: { decisions: readonly AutopilotDecisionJson[] }) {
  if (decisions.length === 0) return html`<p class="quiet small">It has decided nothing yet.</p>`;
  return html`<details>
    <summary>Decisions</summary>
    <ul class="log" role="list">
      ${decisions.slice(0, 20).map(
        ({ at, decision, from, to, why }) =>
          html`<li>
            <${When} at=${at} />
            <strong>${decision.replaceAll('_', ' ')}${from === to ? '' : ` ${from} % → ${to} %`}</strong>
            <span class="quiet">${why}</span>
          </li>`,
      )}
    </ul>
  </details>`;
}
