import { change } from './api.ts';
import { typed } from './confirm.ts';
import type { ExplainJson } from './model.ts';
import { html, useState } from './vendor/preact.js';

/** What would become of a request on the table that serves now. Nothing is sent. */

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

export function ExplainPage() {
  return html`<div class="title"><h1>Explain a request</h1></div>
    <section class="panel">
      <p class="quiet">Which route takes it, on which path, and why. Nothing is sent.</p>
      <${ExplainForm} example=${{ method: 'GET', target: '/' }} />
    </section>`;
}

export function ExplainForm({ example }: { example: { readonly method: string; readonly target: string } }) {
  const [answer, setAnswer] = useState<ExplainJson | undefined>(undefined);
  const [problem, setProblem] = useState('');
  const ask = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const [method, target, caller] = ['method', 'target', 'caller'].map((field) => typed(form, field));
    setProblem('');
    try {
      setAnswer(await change<ExplainJson>('POST', 'explain', { method, target, caller }));
    } catch (error) {
      setAnswer(undefined);
      setProblem((error as Error).message);
    }
  };
  return html`<form class="explain" onSubmit=${ask}>
      <select name="method" aria-label="Method">
        ${METHODS.map((method) => html`<option value=${method} selected=${method === example.method}>${method}</option>`)}
      </select>
      <input
        name="target"
        aria-label="Path and query"
        required
        pattern="/.*"
        autocomplete="off"
        spellcheck=${false}
        defaultValue=${example.target}
      />
      <select name="caller" aria-label="Caller">
        <option value="known">known caller</option>
        <option value="unknown">unknown caller</option>
      </select>
      <button>Explain</button>
    </form>
    <p class="bad" role="alert">${problem}</p>
    <div role="status">${answer && html`<${Answer} answer=${answer} />`}</div>`;
}

/** In the order in which they are decided; what is not there is left out. */
const FACTS: readonly (readonly [key: string, name: string])[] = [
  ['route', 'Route'],
  ['endpoint', 'Endpoint'],
  ['dialect', 'Dialect'],
  ['stage', 'Stage'],
  ['stickyBy', 'Same path for each'],
  ['bucket', 'Bucket of 10,000'],
  ['gatewayBuckets', 'Below it the gateway serves'],
  ['side', 'Path'],
  ['reason', 'Because of'],
  ['fallback', 'Fallback'],
];

/** Of one path that would be asked. */
interface Sending {
  readonly kind: string;
  readonly path: string;
  readonly method?: string;
  readonly url?: string;
}

function Answer({ answer }: { answer: ExplainJson }) {
  const { explanation, killSwitch, breakers } = answer;
  const sendings = (explanation['sendings'] ?? []) as readonly Sending[];
  return html`<dl>
    <dt>What</dt>
    <dd>${explanation.kind.replaceAll('_', ' ')}</dd>
    ${FACTS.filter(([key]) => explanation[key] !== undefined && explanation[key] !== null).map(
      ([key, name]) =>
        html`<dt>${name}</dt>
          <dd>${String(explanation[key])}</dd>`,
    )}
    ${sendings.map(
      (sending) =>
        html`<dt>${sending.kind}</dt>
          <dd>
            ${sending.path} ${sending.method !== undefined && html`<code>${sending.method} ${sending.url}</code>`}
          </dd>`,
    )}
    ${
      breakers &&
      html`<dt>Breakers</dt>
        <dd>direct ${breakers.direct}, gateway ${breakers.gateway}</dd>`
    }
    ${
      killSwitch &&
      html`<dt>Kill switch</dt>
        <dd class="warn">on: every route is direct</dd>`
    }
  </dl>`;
}
