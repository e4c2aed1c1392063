/**
 * The faults that a gateway can have without any status telling: what the comparison is there to find. Each changes an
 * answer, or a request on its way, in one way; they can be switched on while it runs.
 */
export const LIES = [
  /** `product` of a lead is left out. */
  'dropped_field',
  /** `phone` of a customer is called `telephone`. */
  'renamed_field',
  /** Empty texts and lists become null. */
  'null_for_empty',
  /** `internal_id` of a lead becomes a text. */
  'number_as_string',
  /** Lists come in reverse. */
  'reordered_list',
  /** 202 for a success. */
  'wrong_status',
  /** A page holds half of what it should. */
  'wrong_page_size',
  /** The first answer to a question is given ever after. */
  'stale_data',
  /** Each answer says when it was made. In front of the CRM itself it is noise: both paths have it. */
  'timestamp_noise',
  /** A message is sent on with another text, and answered as if nothing were. */
  'message_body_lost',
] as const;
export type Lie = (typeof LIES)[number];

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Members = { [name: string]: Json };

const isMembers = (value: Json | undefined): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the records of an answer are: one, or a page of them. */
function recordsOf(root: Members): Members[] {
  const { data } = root;
  return (Array.isArray(data) ? data : [data ?? null]).filter(isMembers);
}

function attributesOf(root: Members): Members[] {
  return recordsOf(root).flatMap(({ attributes }) => (isMembers(attributes) ? [attributes] : []));
}

/** How a lie changes the document of an answer; those about statuses, requests and memory are not among them. */
const CHANGES: Partial<Record<Lie, (root: Members, now: number) => void>> = {
  dropped_field: (root) => attributesOf(root).forEach((attributes) => delete attributes.product),
  renamed_field: (root) =>
    attributesOf(root).forEach(({ customer }) => {
      if (!isMembers(customer) || customer.phone === undefined) return;
      customer.telephone = customer.phone;
      delete customer.phone;
    }),
  null_for_empty: (root) => emptyToNull(root),
  number_as_string: (root) =>
    recordsOf(root).forEach((record) => {
      if (typeof record.internal_id === 'number') record.internal_id = String(record.internal_id);
    }),
  reordered_list: ({ data }) => void (Array.isArray(data) && data.reverse()),
  wrong_page_size: ({ data, meta }) => {
    if (!Array.isArray(data)) return;
    data.splice(Math.ceil(data.length / 2));
    if (isMembers(meta)) meta.perpage = data.length;
  },
  timestamp_noise: (root, now) => {
    root.meta = { ...(isMembers(root.meta) ? root.meta : {}), generated_at: new Date(now).toISOString() };
  },
};

function emptyToNull(value: Json): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    const isEmpty = inner === '' || (Array.isArray(inner) && inner.length === 0);
    if (isEmpty) (value as Members)[name] = null;
    else emptyToNull(inner);
  }
}

/** The document of a success with the lies in it; what is no object is left as it is. @param now milliseconds */
export function lieAbout(body: string, lies: ReadonlySet<Lie>, now: number): string {
  const root = parsed(body);
  if (!isMembers(root)) return body;
  for (const lie of lies) CHANGES[lie]?.(root, now);
  return JSON.stringify(root);
}

/** A message with its text lost; any other body as it is. */
export function losingMessage(body: string): string {
  const root = parsed(body);
  return isMembers(root) && root.message !== undefined ? JSON.stringify({ ...root, message: '-' }) : body;
}

function parsed(body: string): Json | undefined {
  try {
    return JSON.parse(body) as Json;
  } catch {
    return undefined;
  }
}
