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
