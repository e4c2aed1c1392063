import { token } from './api.ts';
import { typed } from './confirm.ts';
import { connect } from './live.ts';
import { html } from './vendor/preact.js';

/** Asked for where ADMIN_TOKEN is set. Kept for this tab only. */
export function SignIn({ problem }: { problem: string | undefined }) {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    token.set(typed(new FormData(event.currentTarget as HTMLFormElement), 'token'));
    connect();
  };
  return html`<main id="content" class="sign-in">
    <h1>c2s-facade</h1>
    <form onSubmit=${submit}>
      <label for="token">Admin token</label>
      <input id="token" name="token" type="password" autocomplete="current-password" required autofocus />
      <button class="primary">Open the console</button>
    </form>
    <p class="quiet">The value of ADMIN_TOKEN in the facade’s environment. It is kept in this tab only.</p>
    ${token.get() !== '' && html`<p role="alert" class="bad">${problem}</p>`}
  </main>`;
}
