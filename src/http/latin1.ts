/** Node's own name for what `toString('latin1')` ends in; a third cheaper. */
type Latin1Buffer = Buffer & { latin1Slice(start: number, end: number): string };

/** The text of a header's name or value. Latin-1 both ways: bytes that are not ASCII leave as they came. */
export const latin1Text = (part: Buffer | string): string =>
  typeof part === 'string' ? part : (part as Latin1Buffer).latin1Slice(0, part.length);
