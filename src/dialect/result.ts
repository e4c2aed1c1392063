export type Translation<T> =
  { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'untranslatable'; readonly reason: string };
