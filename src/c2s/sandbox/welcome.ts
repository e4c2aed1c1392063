import type { FirstRun } from './first-run.ts';

export interface WelcomeFacts extends Pick<FirstRun, 'controlUrl' | 'leadId' | 'callerToken'> {
  readonly url: string;
  readonly adminUrl: string;
  readonly configFile: string;
  /** What the rollout table says, in one line. */
  readonly table: string;
  readonly database: { readonly kind: 'embedded' | 'url' | 'none' };
  /** As it is typed here: `npx c2s-facade`. */
  readonly command: string;
  readonly hasTraffic: boolean;
  /** What the start wrote. */
  readonly notes: readonly string[];
}

/** Where the command line looks for the admin listener by itself. */
const USUAL_ADMIN_URL = 'http://127.0.0.1:9901';

/**
 * What a newcomer sees, in 25 lines of at most 80 columns where the ports are the usual ones: the console's address, what
 * runs, and lines that work when they are pasted, in the order of a migration.
 */
export function welcome(facts: WelcomeFacts): string {
  const { url, adminUrl, controlUrl, leadId, callerToken, configFile, table, command, database, hasTraffic, notes } =
    facts;
  const admin = adminUrl === USUAL_ADMIN_URL ? '' : ` --admin ${adminUrl}`;
  const flip = (gateway: number, more = ''): string =>
    `${command} flip leads.get --gateway ${gateway} --yes${more}${admin}`;
  const lines = [
    `console    ${adminUrl}/console/`,
    `c2s-facade ${url}   admin ${adminUrl}`,
    'The sandbox, as C2S_BASE_URL is not set: on loopback, with invented data.',
    `${configFile}: ${table}`,
    '',
    'Paste into another terminal:',
    `  LEAD=${url}/integration/leads/${leadId}`,
    `  AUTH='authorization: Bearer ${callerToken}'`,
    '1 Read a lead: x-facade-path is direct, the old path',
    '  curl -isH "$AUTH" $LEAD | grep -iE \'^HTTP|x-facade\'',
    '2 Flip its route, then read it again: x-facade-path is gateway',
    `  ${flip(100, ' --force --why try')}`,
    '3 Kill the gateway and read: 200, direct. PUT brings it back, in steps, in 30 s',
    `  curl -sX DELETE ${controlUrl}/gateway`,
    '4 Post a message',
    '  curl -sH "$AUTH" $LEAD/create_message --json \'{"body":"Hello"}\'; echo',
    database.kind === 'none'
      ? '5 Enrich the lead: needs a database, and DATABASE_URL is none'
      : '5 Enrich the lead: who it is, as a message on it',
    `  curl -sH "$AUTH" -X POST --retry 5 ${url}/api/v1/c2s/enrich/\${LEAD##*/}; echo`,
    '6 Take it back',
    `  ${flip(0)}`,
    hasTraffic
      ? 'Traffic of four callers runs until you stop it: docs/migration.md goes on here.'
      : 'With traffic, for plots and comparisons: npm start -- --traffic',
    ...notes,
  ];
  return `${lines.join('\n')}\n`;
}
