/** Parameters and case say nothing of what it is (RFC 9110 8.3.1). */
const EVENT_STREAM = /^\s*text\/event-stream\s*(?:;|$)/i;

/** Events that are sent one by one, for as long as both sides like. */
export function isEventStreamType(contentType: string | undefined): boolean {
  return contentType !== undefined && EVENT_STREAM.test(contentType);
}

/**
 * Is this media type JSON, as the gateway decides it? `application/json` or any `application/…+json`, parameters
 * ignored. A missing type counts as JSON. What is not (text, forms) cannot be translated: the gateway answers 422.
 */
export function isJsonMediaType(contentType: string | undefined): boolean {
  if (contentType === undefined) return true;
  const type = essenceOf(contentType);
  return type === 'application/json' || (type.startsWith('application/') && type.endsWith('+json') && isOnePair(type));
}

const isOnePair = (type: string): boolean => type.indexOf('/') === type.lastIndexOf('/');

const UTF_8: ReadonlySet<string> = new Set(['utf-8', '"utf-8"', 'utf8', '"utf8"']);

/**
 * Is the text UTF-8 by its media type: with that charset, or without one (RFC 8259 8.1)? The gateway reads UTF-8 whatever
 * is named there, and who reads by the name would read another text.
 */
export function isUtf8Type(contentType: string | undefined): boolean {
  if (contentType === undefined || !contentType.includes(';')) return true;
  const [, ...parameters] = contentType.toLowerCase().split(';');
  return parameters.every((parameter) => {
    const [name = '', value = ''] = parameter.split('=');
    return name.trim() !== 'charset' || UTF_8.has(value.trim());
  });
}

/** What comes before the first semicolon, in small letters. */
const essenceOf = (contentType: string): string => {
  const semicolon = contentType.indexOf(';');
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
};

/**
 * Does a client read an answer of this media type as JSON? `application/json`, `text/json` or any `…+json`, as WHATWG's
 * MIME Sniffing (4.6) has it; wider than what the gateway takes. A missing type counts as JSON.
 */
export function isJsonAnswerType(contentType: string | undefined): boolean {
  if (contentType === undefined) return true;
  const type = essenceOf(contentType);
  return type === 'application/json' || type === 'text/json' || type.endsWith('+json');
}

const CHARSET = /;\s*charset\s*=\s*"?([\w.:+-]{1,40})/i;

/** The charset that a media type names, in small letters; undefined where it names none. */
export function charsetOf(contentType: string | undefined): string | undefined {
  return contentType === undefined ? undefined : CHARSET.exec(contentType)?.[1]?.toLowerCase();
}
