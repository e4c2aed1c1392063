import { connect, current, subscribe, type Live } from './live.ts';
import { Banners, Masthead, Menu } from './masthead.ts';
import { pageOf, type Page } from './pages.ts';
import { Palette } from './palette.ts';
import { SignIn } from './sign-in.ts';
import { Toasts } from './toast.ts';
import { html, render, useEffect, useRef, useState } from './vendor/preact.js';

/** The console: a menu, the state of the whole at the top, and the page that the address names. */

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
  const page = pageOf(address);
  useEffect(() => {
    document.title = `${page?.title ?? 'No such page'} · c2s-facade`;
    // Who reads with the ears hears the new page, from its top; the first one the browser has said already.
    if (!isFirst.current) {
      scrollTo(0, 0);
      document.getElementById('content')?.focus({ preventScroll: true });
    }
    isFirst.current = false;
  }, [address]);
  if (live.connection === 'unauthorized' || live.connection === 'refused') return html`<${SignIn} live=${live} />`;
  return html`<div class="frame">
    <${Menu} live=${live} address=${address} />
    <div class="body">
      <${Masthead} live=${live} />
      <${Banners} live=${live} />
      <main id="content" tabindex="-1">
        ${
          !live.snapshot
            ? html`<p class="quiet">Connecting …</p>`
            : page
              ? html`<${Loaded} key=${address} page=${page} live=${live} />`
              : html`<${NoSuchPage} address=${address} />`
        }
      </main>
    </div>
    <${Toasts} />
    <${Palette} live=${live} />
  </div>`;
}

type View = (live: Live) => unknown;

function Loaded({ page, live }: { page: Page; live: Live }) {
  const [view, setView] = useState<{ readonly of: View } | undefined>(undefined);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    let isWanted = true;
    page.load().then(
      (of) => isWanted && setView({ of }),
      () => setProblem('This page could not be fetched. Is the facade running? Load the console again.'),
    );
    return () => {
      isWanted = false;
    };
  }, []);
  if (view) return view.of(live);
  return problem === '' ? html`<p class="quiet">Loading …</p>` : html`<p class="bad" role="alert">${problem}</p>`;
}

function NoSuchPage({ address }: { address: string }) {
  return html`<h1>No such page</h1>
    <p>
      The console has no page at <code>#/${address}</code>. Go to the <a href="#/">overview</a>, or press
      <kbd>k</kbd> to search pages and routes.
    </p>`;
}

// The address says which page is shown, so that the link cannot be a link.
document.querySelector('.skip')?.addEventListener('click', (event) => {
  event.preventDefault();
  document.getElementById('content')?.focus();
});
const place = document.getElementById('app') as HTMLElement;
place.replaceChildren();
connect();
render(html`<${App} />`, place);
