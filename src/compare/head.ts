/** The head of an answer, as it came from undici: name, value, name, value, …. */
export type RawHeaders = readonly (Buffer | string)[];

/** All values of a header, joined as HTTP does; undefined when there is none. @param name in small letters */
export function headerOf(raw: RawHeaders, name: string): string | undefined {
  const values: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    // Most names are of another length, and need not be made texts of.
    if (raw[i]?.length === name.length && textOf(raw[i]).toLowerCase() === name) values.push(textOf(raw[i + 1]).trim());
  }
  return values.length === 0 ? undefined : values.join(', ');
}

const textOf = (part: Buffer | string | undefined): string =>
  typeof part === 'string' ? part : (part?.toString('latin1') ?? '');
