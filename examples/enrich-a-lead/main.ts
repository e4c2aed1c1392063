import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFacade } from 'c2s-facade';
import { startFirstRun } from 'c2s-facade/sandbox';
import { check, say, serve, until } from '../kit.ts';

const sandbox = await startFirstRun();
const dataDir = mkdtempSync(join(tmpdir(), 'c2s-example-'));
const facade = await createFacade({
  config: 'config/facade.yaml',
  // A database of the facade's own, for this example only.
  environment: { ...sandbox.environment, DATA_DIR: dataDir },
});
const server = await serve(facade.handle);
const headers = { authorization: `Bearer ${sandbox.environment['FACADE_TOKENS']}` };

// While the database is being made, the answer is 503.
let answer: Response | undefined;
await until(async () => {
  answer = await fetch(`${server.url}/api/v1/c2s/enrich/${sandbox.leadId}`, { method: 'POST', headers });
  return answer.status !== 503;
}, 'the database is there');
const { success, entities_stored: people } = (await answer?.json()) as { success: boolean; entities_stored: number };
say(`enriched: ${success}, ${people} person`);
check(success, 'the lead is enriched');

interface Lead {
  readonly data: { readonly attributes: { readonly messages: readonly { readonly body: string }[] } };
}
const read = await fetch(`${server.url}/integration/leads/${sandbox.leadId}`, { headers });
const { messages } = ((await read.json()) as Lead).data.attributes;
const lines = messages.at(-1)?.body.split('\n') ?? [];
// Behind the title stands the line by which the facade knows its own message again.
const [title] = lines;
const section = lines.find((line) => line.startsWith('✅'));
say(`the salesman reads: ${title} … ${section} …`);
check(title?.startsWith('📞📧') ?? false, 'the message is on the lead');

await server.close();
await facade.close();
await sandbox.close();
rmSync(dataDir, { recursive: true, force: true });
