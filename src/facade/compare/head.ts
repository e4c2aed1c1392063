/** The head of an answer, as it came from undici: name, value, name, value, …. */
type RawHeaders = readonly (Buffer | string)[];

/** All values of a header, joined as HTTP does; undefined when there is none. @param name in small letters */
export function headerOf(raw: RawHeaders, name: string): string | undefined {
  let found: string | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const sent = raw[i] as Buffer | string;
    // Most names are of another length, and need not be made texts of.
    if (sent.length !== name.length || textOf(sent).toLowerCase() !== name) continue;
    const value = textOf(raw[i + 1] as Buffer | string).trim();
    found = found === undefined ? value : `${found}, ${value}`;
  }
  return found;
}

/** Node's own name for what `toString('latin1')` ends in; a third cheaper. */
type Latin1 = Buffer & { latin1Slice(start: number, end: number): string };

const textOf = (part: Buffer | string): string =>
  typeof part === 'string' ? part : (part as Latin1).latin1Slice(0, part.length);
