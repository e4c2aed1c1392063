import { Board } from './board.ts';
import { HistoryPage } from './history.ts';
import { connect, current, subscribe, type Live } from './live.ts';
import { Masthead } from './masthead.ts';
import { RoutePage } from './route-page.ts';
import { SignIn } from './sign-in.ts';
import { html, render, useEffect, useState } from './vendor/preact.js';

/** The page: one address for the board, one for each route, one for the history. The address says what is shown. */

function useAddress(): string {
  const [address, setAddress] = useState(location.hash);
  useEffect(() => {
    const changed = (): void => setAddress(location.hash);
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return address.replace(/^#\/?/, '');
}

function useLive(): Live {
  const [live, setLive] = useState(current());
  useEffect(() => subscribe(setLive), []);
  return live;
}

function App() {
  const address = useAddress();
  const live = useLive();
  const { snapshot, connection } = live;
  const [first] = useState(address);
  useEffect(() => {
    // Who reads with the ears hears the new page; on the first one the browser has said its title already.
    if (address !== first) document.getElementById('content')?.focus();
  }, [address]);
  if (connection === 'unauthorized') return html`<${SignIn} problem=${live.problem} />`;
  return html`<${Masthead} live=${live} address=${address} />
    <main id="content" tabindex="-1">
      ${snapshot ? page(address, live) : html`<p class="quiet">Connecting …</p>`}
    </main>`;
}

function page(address: string, live: Live) {
  if (address === 'history') return html`<${HistoryPage} live=${live} />`;
  if (!address.startsWith('routes/')) return html`<${Board} live=${live} />`;
  const id = decodeURIComponent(address.slice('routes/'.length));
  return html`<${RoutePage} key=${id} id=${id} live=${live} />`;
}

const place = document.getElementById('app') as HTMLElement;
place.replaceChildren();
connect();
render(html`<${App} />`, place);
