import type { CommandSpec } from '../../facade/cli/command.ts';

const ERASE: Omit<CommandSpec, 'usage' | 'summary'> = {
  options: [['-y, --yes', 'do not ask whether it is meant']],
  common: 'admin',
  help: (name) =>
    `echo 000.000.000-00 | ${name} erase --yes. Never an argument: those can be seen by others, and shells keep them.`,
  load: async () => (await import('./erase.ts')).erase,
};

/** What the command line has beside the commands of the engine. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    usage: 'erase',
    summary: 'erase all that is stored of a person (LGPD); asks for the CPF, and whether it is meant',
    ...ERASE,
  },
  {
    usage: 'forget',
    summary: 'the former name of erase',
    hidden: true,
    ...ERASE,
  },
  {
    usage: 'audit',
    summary: 'who saw or erased personal data, when, and of how many people; none of the data',
    options: [
      ['--action <action>', 'read, erase, expire or import'],
      ['--who <who>', 'a caller or an operator, as the list names them'],
      ['--limit <n>', 'so many lines at most (default: 50)', Number],
      ['--before <n>', 'older ones', Number],
    ],
    common: 'admin',
    load: async () => (await import('./audit.ts')).audit,
  },
  {
    usage: 'dead-letters [ids...]',
    summary: 'enrichments that a human must look at: why, and what to do with them',
    options: [
      ['--retry', 'try the ones that are named again; the lead is looked at first'],
      ['--settle', 'they were seen to: nothing is sent'],
      ['--all', 'all of them, or all of --state and --reason'],
      ['--state <state>', 'failed or unknown'],
      ['--reason <reason>', 'such as work_api_unavailable'],
      ['--not-sent', 'with --retry: somebody has looked, and the message is not on the lead'],
      ['--limit <n>', 'so many lines at most (default: 50)', Number],
    ],
    common: 'admin',
    load: async () => (await import('./dead-letters.ts')).deadLetters,
  },
  {
    usage: 'import',
    summary: 'take over what the enrichment service before this one has done, so that nothing is done twice',
    options: [
      ['--from <url>', 'postgres://… of its database; - asks for it, or reads standard input (default: IMPORT_FROM)'],
      ['--days <n>', 'how far back (default: 30)', Number],
      ['--apply', 'do it; without it, only what would be done is said'],
    ],
    common: 'json',
    help: 'The old database is only read. A URL on the command line, with its password, is seen by every user of the machine: prefer IMPORT_FROM or --from -.',
    load: async () => (await import('./import.ts')).importCommand,
  },
  {
    usage: 'smoke <url>',
    summary: 'checks of a deployment: health, read a lead; with --write also send a message, enrich a lead',
    options: [
      ['--token <token>', 'of a known caller (default: SMOKE_TOKEN)'],
      ['--lead <id>', 'of a lead that exists (default: SMOKE_LEAD_ID)'],
      ['--write', 'all four: the lead gets a message, and is enriched'],
      ['--message <text>', 'with --write: what the message says'],
      ['--read-only', 'what is done without --write; its former name'],
    ],
    common: 'json',
    help: 'Nothing is repeated. A token on the command line is seen by every user of the machine: prefer SMOKE_TOKEN.',
    load: async () => (await import('./smoke.ts')).smoke,
  },
  {
    usage: 'webhooks <action> <url>',
    summary: 'subscribe: has Contact2Sale push lead events to this facade, with the secret; unsubscribe: ends that',
    options: [
      ['--event <name...>', 'on_create_lead, on_update_lead or on_close_lead (default: the first two)'],
      ['--facade <url>', 'the public listener of a running facade, to ask through (default: HOST and PORT)'],
      ['--token <token>', 'of a known caller (default: FACADE_TOKENS, then C2S_TOKEN)'],
      ['--form <form>', 'documented ({hook_url, hook_action}, the default) or clients ({url, events})'],
      ['--yes', 'do not ask'],
    ],
    common: 'json',
    help: (name) =>
      `${name} webhooks subscribe https://facade.example.com. A second subscription to an event replaces the first. The secret is read from WEBHOOK_SECRET, and never shown.`,
    load: async () => (await import('./webhooks.ts')).webhooks,
  },
];
