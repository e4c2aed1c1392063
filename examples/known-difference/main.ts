import { createFacade } from 'c2s-facade';
import { check, say, serve, serveLead, until } from '../kit.ts';

const ADMIN_TOKEN = 'a-token-for-operators';

// A gateway that loses a field, as gateways do.
const contact2sale = await serveLead({ description: 'Apartment', observation: 'calls back on Monday' });
const gateway = await serveLead({ description: 'Apartment' });

interface Group {
  readonly path: string;
  readonly kind: string;
  readonly standing: string;
}

/** Reads the lead a few times under a table with this ledger, and tells how the difference stands then. */
async function standingUnder(knownDifferences: readonly object[]): Promise<Group> {
  const facade = await createFacade({
    config: {
      upstreams: { direct: { url: contact2sale.url }, gateway: { url: gateway.url } },
      knownDifferences,
      routes: [
        {
          id: 'leads.get',
          direct: 'GET /integration/leads/:leadId',
          gateway: 'GET /leads/:leadId',
          rollout: { gateway: 0, shadow: 100, stickyBy: 'leadId', fallback: 'direct' },
        },
      ],
    },
    environment: { C2S_BASE_URL: contact2sale.url, C2S_TOKEN: 'a-token-of-the-crm', ADMIN_TOKEN },
  });
  const [callers, operators] = [await serve(facade.handle), await serve(facade.admin)];
  const groups = async (): Promise<Group[]> => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const res = await fetch(`${operators.url}/api/parity/leads.get`, { headers });
    return ((await res.json()) as { groups: Group[] }).groups;
  };
  const headers = { authorization: 'Bearer a-token-of-the-crm' };
  // A busy machine drops shadows, so some reads more may be needed.
  const read = async (): Promise<Group[]> => {
    for (let i = 0; i < 10; i++)
      await (await fetch(`${callers.url}/integration/leads/${i}`, { headers })).arrayBuffer();
    return groups();
  };
  await until(async () => (await read()).length > 0, 'the difference is seen');
  const [group] = await groups();
  await Promise.all([callers.close(), operators.close()]);
  await facade.close();
  return group as Group;
}

const { path, kind, standing } = await standingUnder([]);
/** `fault` once there is enough of it to be sure, `suspect` before. */
const isHeld = (standing: string): boolean => standing === 'suspect' || standing === 'fault';

say(`found: ${kind} ${path}, held against the gateway`);
check(isHeld(standing), 'it is held against the gateway');

const entry = {
  route: 'leads.get',
  path,
  kind,
  why: 'the gateway learns it in March',
  owner: 'ana',
  expires: '9999-12-31',
};
const accepted = await standingUnder([entry]);
say(`written into the ledger by ana: ${accepted.standing}`);
check(accepted.standing === 'known', 'it is known');

const late = await standingUnder([{ ...entry, expires: '2020-01-01' }]);
say('after its day: held against the gateway again');
check(isHeld(late.standing), 'what has expired counts again');

await Promise.all([contact2sale.close(), gateway.close()]);
