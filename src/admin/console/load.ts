import { html, useEffect, useState } from './vendor/preact.js';

/** Something that is read once it is looked at, and again when `when` changes. */
export type Loaded<T> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'there'; readonly value: T }
  | { readonly kind: 'failed'; readonly problem: string };

export function useLoaded<T>(read: () => Promise<T>, when: readonly unknown[]): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ kind: 'loading' });
  useEffect(() => {
    let isWanted = true;
    read().then(
      (value) => isWanted && setLoaded({ kind: 'there', value }),
      (error: unknown) => isWanted && setLoaded({ kind: 'failed', problem: (error as Error).message }),
    );
    return () => {
      isWanted = false;
    };
  }, [...when]);
  return loaded;
}

/** What is shown meanwhile, and when it cannot be had. */
export function shown<T>(loaded: Loaded<T>, view: (value: T) => unknown): unknown {
  if (loaded.kind === 'loading') return html`<p class="quiet">Loading …</p>`;
  if (loaded.kind === 'failed') return html`<p class="bad" role="alert">${loaded.problem}</p>`;
  return view(loaded.value);
}
