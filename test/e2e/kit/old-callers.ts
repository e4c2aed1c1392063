/**
 * Those who called the service before, as they called it: Contact2Sale, Google Ads, Make.com. Each call returns the status
 * and the JSON of the answer, so that a test can put the old one beside it.
 */

export interface OldAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function called(url: string, init: RequestInit = {}): Promise<OldAnswer> {
  const res = await fetch(url, init);
  const text = await res.text();
  return { status: res.status, body: text === '' ? {} : (JSON.parse(text) as OldAnswer['body']) };
}

const posted = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

/** Contact2Sale: POST, no header of the receiver's choice, to the URL that was subscribed. @param suffix of that URL */
export const asContact2Sale = (url: string, event: unknown, suffix = ''): Promise<OldAnswer> =>
  called(`${url}/api/v1/webhooks/c2s${suffix}`, posted(event, { 'user-agent': 'Ruby' }));

/** One that can set the header. */
export const asSignedSender = (url: string, event: unknown, secret: string): Promise<OldAnswer> =>
  called(`${url}/api/v1/webhooks/c2s`, posted(event, { 'x-webhook-token': secret }));

/** Google Ads: the key in the address, and whatever stands in the form's own field for it in the body. */
export const asGoogle = (url: string, key: string, push: object): Promise<OldAnswer> =>
  called(
    `${url}/api/v1/webhooks/google-ads?google_key=${encodeURIComponent(key)}`,
    posted(push, { 'user-agent': 'Google-Ads-Leads' }),
  );

/** Make.com: GET with the id of a lead. @param token undefined: as it called the service before */
export const asMake = (url: string, leadId: string | undefined, token?: string): Promise<OldAnswer> =>
  called(`${url}/api/v1/leads/process${leadId === undefined ? '' : `?id=${leadId}`}`, withToken(token));

/** A script that has a lead enriched. */
export const asScript = (url: string, leadId: string, token?: string): Promise<OldAnswer> =>
  called(`${url}/api/v1/c2s/enrich/${leadId}`, { method: 'POST', ...withToken(token) });

/** One that looks people up, or asks for what there was beside it. @param body given: POST */
export const asReader = (url: string, path: string, token?: string, body?: object): Promise<OldAnswer> => {
  const { headers } = withToken(token);
  return called(url + path, body === undefined ? { headers } : posted(body, headers));
};

const withToken = (token: string | undefined): { headers: Record<string, string> } => ({
  headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
});

/** A push of Google Ads, as its "send test data" shows it. @param columns column_id and value */
export const googlePush = (leadId: string, columns: Readonly<Record<string, string>>, more: object = {}) => ({
  lead_id: leadId,
  api_version: '1.0',
  form_id: 40_000_000_000,
  campaign_id: 21_000_000_001,
  gcl_id: 'Cj0KCQ-test',
  google_key: '123',
  is_test: false,
  user_column_data: Object.entries(columns).map(([column_id, string_value]) => ({
    column_id,
    column_name: column_id,
    string_value,
  })),
  ...more,
});
