import { Board } from './board.ts';
import { DeadLettersPage } from './dead-letters.ts';
import { HistoryPage } from './history.ts';
import { beatOf, connect, current, subscribe, type Live } from './live.ts';
import { Masthead } from './masthead.ts';
import { MigrationPage } from './migration.ts';
import { RoutePage } from './route-page.ts';
import { SignIn } from './sign-in.ts';
import { UnknownWritesPage } from './unknown-writes.ts';
import { html, render, useEffect, useRef, useState } from './vendor/preact.js';

/** The page: an address for the board, one for each route, for the migration, the history, the unknown writes and the dead letters. */

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
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${titleOf(address)} · c2s-facade`;
    // Who reads with the ears hears the new page, from its top; the first one the browser has said already.
    if (!isFirst.current) {
      scrollTo(0, 0);
      document.getElementById('content')?.focus({ preventScroll: true });
    }
    isFirst.current = false;
  }, [address]);
  if (live.connection === 'unauthorized' || live.connection === 'refused') return html`<${SignIn} live=${live} />`;
  return html`<${Masthead} live=${live} address=${address} />
    <main id="content" tabindex="-1">
      ${live.snapshot ? page(address, live) : html`<p class="quiet">Connecting …</p>`}
    </main>`;
}

function page(address: string, live: Live) {
  const route = routeOf(address);
  if (route !== undefined) return html`<${RoutePage} key=${route} id=${route} live=${live} />`;
  if (address === 'history') return html`<${HistoryPage} live=${live} />`;
  if (address === 'unknown-writes') return html`<${UnknownWritesPage} beat=${beatOf(live)} />`;
  if (address === 'dead-letters') return html`<${DeadLettersPage} />`;
  if (address === 'migration') return html`<${MigrationPage} beat=${beatOf(live)} />`;
  return html`<${Board} live=${live} />`;
}

function routeOf(address: string): string | undefined {
  if (!address.startsWith('routes/')) return undefined;
  const name = address.slice('routes/'.length);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

const TITLES: Readonly<Record<string, string>> = {
  history: 'History',
  migration: 'Migration',
  'unknown-writes': 'Unknown writes',
  'dead-letters': 'Dead letters',
};
const titleOf = (address: string): string => routeOf(address) ?? TITLES[address] ?? 'Routes';

// The address says which page is shown, so that the link cannot be a link.
document.querySelector('.skip')?.addEventListener('click', (event) => {
  event.preventDefault();
  document.getElementById('content')?.focus();
});
const place = document.getElementById('app') as HTMLElement;
place.replaceChildren();
connect();
render(html`<${App} />`, place);
