/** JSON as a tree that can be compared: keys in order, one that is written twice kept twice, numbers by their exact value. */
export type Tree =
  | { readonly kind: 'map'; readonly pairs: readonly Pair[] }
  | { readonly kind: 'list'; readonly items: readonly Tree[] }
  | { readonly kind: 'text' | 'number' | 'word'; readonly is: string };

export type Pair = readonly [key: string, value: Tree];

const TOKEN = /[[\]{}:,]|"(?:[^"\\]|\\.)*"|[^\s[\]{}:,"]+/g;

/** Undefined: no JSON. */
export function treeOf(text: string): Tree | undefined {
  try {
    JSON.parse(text);
    const tokens = (text.match(TOKEN) ?? []).values();
    return readTree(next(tokens), tokens);
  } catch {
    return undefined;
  }
}

const next = (tokens: IterableIterator<string>): string => String(tokens.next().value);

function readTree(token: string, tokens: IterableIterator<string>): Tree {
  if (token === '{') return { kind: 'map', pairs: readPairs(tokens) };
  if (token === '[') {
    const items: Tree[] = [];
    for (let is = next(tokens); is !== ']'; is = next(tokens)) if (is !== ',') items.push(readTree(is, tokens));
    return { kind: 'list', items };
  }
  if (token.startsWith('"')) return { kind: 'text', is: JSON.parse(token) as string };
  return /^-?\d/.test(token) ? { kind: 'number', is: decimalOf(token) } : { kind: 'word', is: token };
}

function readPairs(tokens: IterableIterator<string>): Pair[] {
  const pairs: Pair[] = [];
  for (let is = next(tokens); is !== '}'; is = next(tokens)) {
    if (is === ',') continue;
    next(tokens); // the colon
    pairs.push([JSON.parse(is) as string, readTree(next(tokens), tokens)]);
  }
  return sortedByKey(pairs);
}

/** Of one key in the order as written. */
export const sortedByKey = (pairs: readonly Pair[]): Pair[] =>
  pairs
    .map((pair, at) => ({ pair, at }))
    .sort((a, b) => (a.pair[0] < b.pair[0] ? -1 : a.pair[0] > b.pair[0] ? 1 : a.at - b.at))
    .map(({ pair }) => pair);

/** 100, 1e2 and 100.0 are one number, 9007199254740992 and …993 are two. */
function decimalOf(written: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(written) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const bare = digits.replace(/0+$/, '');
  return bare === '' ? '0' : `${sign}${bare}e${Number(exponent) - fraction.length + digits.length - bare.length}`;
}
