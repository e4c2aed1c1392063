import { addLeads, startEnriching, startScene, WEBHOOK_SECRET } from './enrichment.ts';
import { FACADE_TOKEN } from './facade.ts';
import {
  asContact2Sale,
  asGoogle,
  asMake,
  asReader,
  asScript,
  asSignedSender,
  googlePush,
  type OldAnswer,
} from './old-callers.ts';
import { startPostgres } from './postgres.ts';

/** A facade that enriches, with the callers of the service before in front of it, and leads of different people. */

export type OldScene = Awaited<ReturnType<typeof startOldScene>>;

const GOOGLE_KEY = 'test-google-ads-key-of-48-characters';
const DAY_MS = 86_400_000;
/** The sandbox has so many people who are known by phone and e-mail. */
const LEADS = 20;

export async function startOldScene() {
  const postgres = await startPostgres();
  const scene = await startScene();
  const { sandbox } = scene;
  const leads = addLeads(sandbox, LEADS);
  const { standIn } = sandbox.c2s;
  // A day that the settings take, whenever this runs.
  const acceptUnsignedUntil = new Date(Date.now() + 30 * DAY_MS).toISOString().slice(0, 10);
  const facade = await startEnriching(sandbox, {
    databaseUrl: await postgres.createMigrated(),
    enrichment: { hold: '300s', window: '60s', webhooks: { c2s: { acceptUnsignedUntil } } },
    env: { GOOGLE_ADS_WEBHOOK_KEY: GOOGLE_KEY },
  });
  const { url } = facade;

  const lead = (n: number): string => leads[n] ?? '';
  const attributesOf = (n: number) => {
    const found = standIn.crm.leads.get(lead(n));
    if (!found) throw new Error('the sandbox has no such lead');
    return found.attributes;
  };
  /** Whatever is asked meanwhile is answered so by this side. */
  const during = async (
    { faults }: typeof standIn | typeof sandbox.workApi.standIn,
    fault: { path: string; status: number },
    ask: () => Promise<OldAnswer>,
  ): Promise<OldAnswer> => {
    faults.add(fault);
    try {
      return await ask();
    } finally {
      faults.clear();
    }
  };

  return {
    lead,
    customerOf: (n: number) => attributesOf(n).customer,
    /** The second lead gets the contacts of the first. */
    asOnePerson: (first: number, second: number): void =>
      void Object.assign(attributesOf(second), { customer: attributesOf(first).customer }),
    make: (id: string | undefined) => asMake(url, id, FACADE_TOKEN),
    makeOpen: (id: string) => asMake(url, id),
    script: (id: string) => asScript(url, id, FACADE_TOKEN),
    scriptOpen: (id: string) => asScript(url, id),
    reader: (path: string, body?: object) => asReader(url, path, FACADE_TOKEN, body),
    readerOpen: (path: string) => asReader(url, path),
    push: (event: unknown) => asContact2Sale(url, event),
    signed: (event: unknown, secret = WEBHOOK_SECRET) => asSignedSender(url, event, secret),
    google: (id: string, columns: Record<string, string>, more: object = {}, key = GOOGLE_KEY) =>
      asGoogle(url, key, googlePush(id, columns, more)),
    /** While Work API does not answer. */
    silent: (ask: () => Promise<OldAnswer>) => during(sandbox.workApi.standIn, { path: '/api', status: 503 }, ask),
    /** While Contact2Sale refuses messages. */
    refusing: (ask: () => Promise<OldAnswer>) =>
      during(standIn, { path: '/integration/leads/:leadId/create_message', status: 422 }, ask),
    async close(): Promise<void> {
      await facade.stop();
      await scene.close();
      await postgres.close();
    },
  };
}
