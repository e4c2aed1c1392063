import { html, useEffect, useState } from './vendor/preact.js';

/** Something that is read once it is looked at, again when `when` changes, and again after a while if it failed. */
type LoadedPage<T> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'there'; readonly value: T }
  | { readonly kind: 'failed'; readonly problem: string };

/** Milliseconds. */
const TRY_AGAIN = 5_000;

export function useLoaded<T>(read: () => Promise<T>, when: readonly unknown[]): LoadedPage<T> {
  const [loaded, setLoaded] = useState<LoadedPage<T>>({ kind: 'loading' });
  useEffect(() => {
    let isWanted = true;
    let again: number | undefined;
    const load = async (): Promise<void> => {
      try {
        const value = await read();
        if (isWanted) setLoaded({ kind: 'there', value });
      } catch (error) {
        if (!isWanted) return;
        setLoaded({ kind: 'failed', problem: (error as Error).message });
        again = setTimeout(() => void load(), TRY_AGAIN);
      }
    };
    void load();
    return () => {
      isWanted = false;
      clearTimeout(again);
    };
  }, [...when]);
  return loaded;
}

/** What is shown meanwhile, and when it cannot be had. */
export function shown<T>(loaded: LoadedPage<T>, view: (value: T) => unknown): unknown {
  if (loaded.kind === 'loading') return html`<p class="quiet">Loading …</p>`;
  if (loaded.kind === 'failed') return html`<p class="bad" role="alert">${loaded.problem}</p>`;
  return view(loaded.value);
}

/** As useLoaded, for what may be missing: the newest that was read; undefined until then. A failure keeps the old one. */
export function useLatest<T>(read: () => Promise<T>, when: readonly unknown[]): T | undefined {
  const [latest, setLatest] = useState<T | undefined>(undefined);
  useEffect(() => {
    let isWanted = true;
    read().then(
      (value) => isWanted && setLatest(value),
      () => undefined,
    );
    return () => {
      isWanted = false;
    };
  }, [...when]);
  return latest;
}
