import type { HealthSettings } from '../../forward/upstream-health.ts';
import type { ShownToken } from '../../dialect/token-header.ts';
import { lookup } from 'node:dns/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { codeOf } from '../../../http/error-code.ts';
import { causeOf } from '../admin-client.ts';
import { milliseconds } from '../format.ts';
import { fail, ok, warn, type DoctorFinding } from './finding.ts';

/** Can an upstream be reached, layer by layer, and does it take our credentials? The first layer that fails is told. */

export interface UpstreamQuestion {
  readonly subject: string;
  readonly url: string;
  /** Names the variable to look at. */
  readonly variable: string;
  /** A harmless read, if there is one; without it nothing is asked beyond the connection. */
  readonly read?:
    undefined | { readonly path: string; readonly shown: ShownToken | undefined; readonly tokenVariable: string };
  /** Of its health checks, where there are any. */
  readonly health?: undefined | Pick<HealthSettings, 'path' | 'expected' | 'timeoutMs'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const LAYER_TIMEOUT_MS = 5_000;
/** Certificates are renewed a month before they end; one that has less is being forgotten. */
const RENEWAL_DAYS = 21;
/** The Date header counts whole seconds; beyond this it is the clock and not the rounding. */
const MAX_SKEW_MS = 5_000;

export async function examineUpstream(question: UpstreamQuestion): Promise<DoctorFinding[]> {
  const { subject, url, variable, read } = question;
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const isTls = protocol === 'https:';
  const reached = await reach(host, Number(port) || (isTls ? 443 : 80), isTls, question);
  if (reached.some(({ state }) => state === 'fail')) return reached;
  const health = question.health ? [await examineHealth(subject, url, question.health)] : [];
  if (!read) return [...reached, ...health];
  return [...reached, ...health, ...(await examineAnswer(subject, url, variable, read, question.now))];
}

async function reach(host: string, port: number, isTls: boolean, question: UpstreamQuestion): Promise<DoctorFinding[]> {
  const { subject, variable, now } = question;
  try {
    await lookup(host);
  } catch (error) {
    return [
      fail(subject, `DNS knows no ${host} (${codeOf(error)})`, `correct ${variable}, or the resolver of this machine`),
    ];
  }
  const startedAt = performance.now();
  try {
    const socket = await connected(() => connectTcp({ host, port }), 'connect');
    socket.destroy();
  } catch (error) {
    return [
      fail(
        subject,
        `${host}:${port} does not take a connection (${codeOf(error)})`,
        `start it, open the way to it, or correct ${variable}`,
      ),
    ];
  }
  const took = milliseconds(performance.now() - startedAt);
  const tcp = ok(subject, `${host}:${port} takes connections in ${took}${isTls ? '' : ', without TLS'}`);
  return isTls ? [tcp, await examineCertificate(subject, host, port, now)] : [tcp];
}

async function examineCertificate(
  subject: string,
  host: string,
  port: number,
  now: () => number,
): Promise<DoctorFinding> {
  try {
    const open = () => connectTls({ host, port, servername: host, rejectUnauthorized: false });
    const socket = await connected(open, 'secureConnect');
    const { authorized, authorizationError } = socket;
    const { valid_to: validTo } = socket.getPeerCertificate();
    socket.destroy();
    if (!authorized) {
      const remedy = 'renew it, or give Node the authority in NODE_EXTRA_CA_CERTS';
      return fail(subject, `the certificate is not accepted (${String(authorizationError)})`, remedy);
    }
    const days = Math.floor((Date.parse(validTo) - now()) / 86_400_000);
    if (days < RENEWAL_DAYS) return warn(subject, `the certificate ends in ${days} days`, 'have it renewed');
    return ok(subject, `the certificate is accepted, and for ${days} more days`);
  } catch (error) {
    return fail(subject, `TLS fails (${codeOf(error)})`, 'is it TLS that answers at this port?');
  }
}

function connected<S extends Socket>(open: () => S, event: string): Promise<S> {
  return new Promise((resolve, reject) => {
    const socket = open();
    socket.setTimeout(LAYER_TIMEOUT_MS, () =>
      socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })),
    );
    socket.once('error', reject);
    socket.once(event, () => resolve(socket));
  });
}

async function examineAnswer(
  subject: string,
  url: string,
  variable: string,
  { path, shown, tokenVariable }: NonNullable<UpstreamQuestion['read']>,
  now: () => number,
): Promise<DoctorFinding[]> {
  const headers: Record<string, string> = shown ? { [shown[0]]: shown[1] } : {};
  try {
    const sentAt = now();
    const res = await fetch(url + path, {
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(3 * LAYER_TIMEOUT_MS),
    });
    const middle = (sentAt + now()) / 2;
    await res.arrayBuffer();
    return [
      statusFinding(subject, path, res.status, tokenVariable, shown !== undefined),
      ...clockFinding(subject, res.headers.get('date'), middle),
    ];
  } catch (error) {
    return [
      fail(subject, `GET ${path} is not answered (${causeOf(error)})`, `is it the API that answers at ${variable}?`),
    ];
  }
}

/** As the checks ask: without credentials, and without following redirects. */
async function examineHealth(
  subject: string,
  url: string,
  { path, expected, timeoutMs }: NonNullable<UpstreamQuestion['health']>,
): Promise<DoctorFinding> {
  const asked = `health check GET ${path}`;
  try {
    const { status, body } = await fetch(url + path, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
    await body?.cancel();
    if (expected.some(({ from, to }) => from <= status && status <= to)) return ok(subject, `${asked}: ${status}`);
    const remedy = `correct upstreams.${subject}.health.path, or add ${status} to its expectedStatuses`;
    return (status < 500 ? fail : warn)(subject, `${asked} is answered ${status}, which is not expected`, remedy);
  } catch (error) {
    return warn(subject, `${asked} is not answered within ${timeoutMs} ms (${causeOf(error)})`, 'look at its own log');
  }
}

function statusFinding(
  subject: string,
  path: string,
  status: number,
  tokenVariable: string,
  hasToken: boolean,
): DoctorFinding {
  if (status < 300)
    return ok(subject, `GET ${path} is answered ${status}${hasToken ? `: ${tokenVariable} is accepted` : ''}`);
  if (status === 401 || status === 403) {
    const said = hasToken ? `${tokenVariable} is refused` : 'it asks for credentials';
    return fail(subject, `GET ${path} is answered ${status}: ${said}`, `set ${tokenVariable} to a token that it takes`);
  }
  if (status === 429)
    return warn(subject, `GET ${path} is answered 429`, 'its rate limit is spent; write upstreams.direct.rateBudget');
  return warn(
    subject,
    `GET ${path} is answered ${status}`,
    'look at its own log; a path prefix may be missing in the base URL',
  );
}

/** Clocks that disagree make tokens, deadlines and histories wrong. */
function clockFinding(subject: string, date: string | null, now: number): DoctorFinding[] {
  const theirs = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(theirs)) return [];
  // Its second has begun up to a second ago.
  const skew = now - theirs - 500;
  if (Math.abs(skew) <= MAX_SKEW_MS) return [ok(`${subject} clock`, 'agrees with ours within 5 s')];
  const text = `ours is ${milliseconds(Math.abs(skew))} ${skew > 0 ? 'ahead' : 'behind'}`;
  return [warn(`${subject} clock`, text, 'set this machine by NTP, if it is not theirs that is wrong')];
}
