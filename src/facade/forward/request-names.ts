/**
 * Request headers by which a proxy says what it knows of a caller: address, scheme, host, target, user, certificate.
 * From a peer that is no trusted proxy they are somebody's invention, and an upstream might believe them.
 */
const CLAIMS: ReadonlySet<string> = new Set([
  // Addresses.
  ...['client-ip', 'x-client-ip', 'true-client-ip', 'x-real-ip', 'x-cluster-client-ip', 'x-proxyuser-ip'],
  ...['x-originating-ip', 'x-remote-ip', 'x-remote-addr', 'x-forward-for', 'x-original-forwarded-for'],
  ...['cf-connecting-ip', 'cf-connecting-ipv6', 'cf-pseudo-ipv4', 'cf-visitor', 'cf-ipcountry', 'fastly-client-ip'],
  ...['fastly-ssl', 'fly-client-ip', 'fly-forwarded-proto', 'fly-forwarded-port', 'fly-forwarded-ssl'],
  ...['do-connecting-ip', 'x-azure-clientip', 'x-azure-socketip', 'x-appengine-user-ip', 'x-vercel-forwarded-for'],
  ...['x-envoy-external-address', 'proxy-client-ip', 'wl-proxy-client-ip', 'x-nf-client-connection-ip'],
  // Scheme and host.
  ...['x-forwarded', 'x-scheme', 'x-url-scheme', 'front-end-https', 'x-arr-ssl', 'x-host', 'x-http-host-override'],
  // Target.
  ...['x-original-url', 'x-rewrite-url', 'x-original-uri', 'x-original-host', 'x-original-method'],
  ...['x-envoy-original-path', 'x-replaced-path'],
  // User and certificate (RFC 9440 and before it).
  ...['remote-user', 'x-remote-user', 'client-cert', 'client-cert-chain', 'x-client-cert', 'x-client-verify'],
  ...['ssl-client-cert', 'ssl-client-verify', 'x-ssl-client-cert', 'x-ssl-client-verify', 'x-ssl-client-dn'],
  ...['x-ssl-client-s-dn', 'x-arr-clientcert', 'x-amzn-mtls-clientcert', 'x-amzn-mtls-clientcert-leaf'],
]);

/** A name of the families `x-forwarded-*` and `forwarded-*`, or one of the names that mean the same. @param name in lower case. */
export function isForwardingHeader(name: string): boolean {
  return name.startsWith('x-forwarded-') || name.startsWith('forwarded-') || CLAIMS.has(name);
}

/**
 * The name as a CGI-like upstream reads it, where only letters and digits survive: `x_forwarded.for` and
 * `x-forwarded-for` become the same variable there. @param name in lower case.
 */
export function asCgiReads(name: string): string {
  return name.replace(/[^a-z0-9]/g, '-');
}
