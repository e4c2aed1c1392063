import { latin1Text } from '../../http/latin1.ts';

/** The head of an answer, as it came from undici: name, value, name, value, …. */
type RawHeaders = readonly (Buffer | string)[];

/** All values of a header, joined as HTTP does; undefined when there is none. @param name in small letters */
export function headerOf(raw: RawHeaders, name: string): string | undefined {
  let found: string | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const sent = raw[i] as Buffer | string;
    // Most names are of another length, and need not be made texts of.
    if (sent.length !== name.length || latin1Text(sent).toLowerCase() !== name) continue;
    const value = latin1Text(raw[i + 1] as Buffer | string).trim();
    found = found === undefined ? value : `${found}, ${value}`;
  }
  return found;
}
