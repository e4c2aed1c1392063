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
  const semicolon = contentType.indexOf(';');
  const type = (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
  return type === 'application/json' || (type.startsWith('application/') && type.endsWith('+json'));
}
