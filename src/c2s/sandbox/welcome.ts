import type { FirstRun } from './first-run.ts';

export interface WelcomeFacts extends Pick<FirstRun, 'controlUrl' | 'leadId' | 'environment'> {
  readonly url: string;
  readonly adminUrl: string;
  readonly configFile: string;
  /** What the rollout table says, in one line. */
  readonly table: string;
  /** Where the embedded database is made. */
  readonly dataDir: string;
  readonly database: { readonly kind: 'embedded' | 'url' | 'none' };
}

/** What a newcomer sees: what runs, and lines that work when they are pasted, in the order of a migration. */
export function welcome(facts: WelcomeFacts): string {
  const { url, adminUrl, controlUrl, leadId, configFile, table, environment } = facts;
  const auth = `-H 'authorization: Bearer ${environment['FACADE_TOKENS']}'`;
  const read = `curl -is ${url}/integration/leads/${leadId} ${auth} | grep -iE '^HTTP|x-facade'`;
  const flip = (share: number) =>
    `sed -i.bak '/id: leads.get$/,/rollout:/s/gateway: [0-9.]*,/gateway: ${share},/' ${configFile} && sleep 1`;
  return `
c2s-facade ${url}   admin ${adminUrl}
No C2S_BASE_URL is set, so this is the sandbox: stand-ins for Contact2Sale, Work API and Diretrix, the gateway in front
of the CRM, and the facade on top, all on loopback and all data invented.
${configFile}: ${table}

1  Read a lead. It comes by the old path: x-facade-path: direct
   ${read}

2  Flip that route: one number in ${configFile}. The same line now says x-facade-path: gateway.
   The log warns that nothing was compared before: the command line and the console would have wanted force
   ${flip(100)}
   ${read}

3  Kill the gateway. The same line still says 200, by direct
   curl -s -X DELETE ${controlUrl}/gateway
   ${read}

4  Bring it back; after the breaker's pause of 5 s the gateway serves again
   curl -s -X PUT ${controlUrl}/gateway

5  Post a message in Contact2Sale's dialect, and one in the gateway's; each arrives once
   curl -s -X POST ${url}/integration/leads/${leadId}/create_message ${auth} -H 'content-type: application/json' -d '{"body":"Hello from the direct dialect"}'; echo
   curl -s -X POST ${url}/leads/${leadId}/messages ${auth} -H 'content-type: application/json' -d '{"message":"Hello from the gateway dialect"}'; echo
   curl -s ${url}/leads/${leadId} ${auth} | grep -o 'Hello from the [a-z]* dialect'

6  See the table, the live state and the metrics; or open ${adminUrl}/console/ in a browser and do it all there
   curl -s ${adminUrl}/api/routes
   curl -s ${adminUrl}/metrics | grep ^facade_requests_total | grep -v ' 0$'

7  Enrich the lead: who it is, by phone and e-mail, and what is known of that person, as a message on the lead. It needs
   ${databaseNeeded(facts)}
   curl -fsS --retry 5 -X POST ${url}/api/v1/c2s/enrich/${leadId} ${auth}; echo
   curl -s ${url}/integration/leads/${leadId} ${auth} | grep -o '"body":"📞[^"]*' | sed 's/\\\\n/\\n/g'

8  Take it back
   ${flip(0)}

`;
}

function databaseNeeded({ database, dataDir }: WelcomeFacts): string {
  switch (database.kind) {
    case 'embedded':
      return `the database, which is being made under ${dataDir}, once, in a few seconds; the line waits for it`;
    case 'url':
      return 'the database of DATABASE_URL; the line waits some seconds for it';
    case 'none':
      return 'a database: DATABASE_URL is none here, so this step answers 503. Leave DATABASE_URL out to have one';
  }
}
