import { FACADE_TOKEN } from './facade.ts';
import { Opened } from './load.ts';
import { startUpstream } from './upstream.ts';

/** What the tests of a reload ask, within one process and of a process of its own. */

export const opened = new Opened();
const headers = { authorization: `Bearer ${FACADE_TOKEN}` };
export const answering = async (name: string) =>
  opened.keep(await startUpstream((_, res) => res.writeHead(200).end(`{"from":"${name}"}`)));

export async function ask(url: string, lead: number | string = 42): Promise<string> {
  const res = await fetch(`${url}/leads/${lead}`, { headers });
  await res.text();
  return `${res.status} ${res.headers.get('x-facade-path')}`;
}

interface ConfigView {
  readonly digest: string;
  readonly lastError?: { readonly problems: readonly Record<'where' | 'message' | 'remedy', string>[] };
}
export const viewConfig = async ({ adminUrl }: { adminUrl: string }): Promise<ConfigView> =>
  (await (await fetch(`${adminUrl}/api/config`)).json()) as ConfigView;
