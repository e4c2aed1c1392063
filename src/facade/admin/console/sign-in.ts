import { token } from './api.ts';
import { typed } from './confirm.ts';
import { connect, type Live } from './live.ts';
import { html } from './vendor/preact.js';

/** Asked for where ADMIN_TOKEN is set. Kept for this tab only. */
export function SignIn({ live }: { live: Live }) {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    token.set(typed(new FormData(event.currentTarget as HTMLFormElement), 'token'));
    connect();
  };
  if (live.connection === 'refused')
    return html`<main id="content" class="sign-in">
      <h1>c2s-facade</h1>
      <p role="alert" class="bad">${live.problem}</p>
    </main>`;
  return html`<main id="content" class="sign-in">
    <h1>c2s-facade</h1>
    <form onSubmit=${submit}>
      <label for="token">Admin token</label>
      <input id="token" name="token" type="password" autocomplete="current-password" required autofocus />
      <p role="alert" class="bad">${token.get() === '' ? '' : 'This is not the admin token.'}</p>
      <button class="primary">Open the console</button>
    </form>
    <p class="quiet">The value of ADMIN_TOKEN in the facade’s environment. It is kept in this tab only.</p>
  </main>`;
}
