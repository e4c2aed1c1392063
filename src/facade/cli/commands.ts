import { hasTwoDecimals } from '../config/percentage.ts';
import type { CommandSpec } from './command.ts';

/** The commands of the engine but `start`, in the order in which the help lists them. */

/** @throws RangeError for what the rollout table would not take. */
function percentage(text: string): number {
  // 0x10 and 1e1 are numbers to JavaScript alone.
  const value = /^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : NaN;
  if (!(value >= 0 && value <= 100)) throw new RangeError('write a number from 0 to 100');
  if (!hasTwoDecimals(value)) throw new RangeError('write at most two decimals');
  return value;
}

function fallback(text: string): string {
  if (text !== 'direct' && text !== 'none') throw new RangeError('write direct or none');
  return text;
}

function pathName(text: string): string {
  if (text !== 'direct' && text !== 'gateway') throw new RangeError('write direct or gateway');
  return text;
}

const YES = ['-y, --yes', 'do not ask'] as const;
const WHY = ['--why <text>', 'the reason, for the history'] as const;
const FORCE = ['--force', 'against the evidence (parity), or while the gateway is down; wants --why'] as const;

/** Runs the facade itself. */
export const startCommand = (summary: string): CommandSpec => ({
  usage: 'start',
  summary,
  common: 'none',
  load: async () => (await import('./commands/start.ts')).start,
});

export const COMMANDS: readonly CommandSpec[] = [
  {
    usage: 'init',
    summary: 'write the first rollout table, from two OpenAPI documents or to be filled in; overwrites nothing',
    options: [
      ['--direct <file>', 'the OpenAPI document of the legacy API'],
      ['--gateway <file>', 'the OpenAPI document of its replacement'],
      ['--output <file>', 'the table to write; - prints it (default: FACADE_CONFIG)'],
      ['--force', 'overwrite the table'],
    ],
    common: 'json',
    help: 'OpenAPI 3.0, 3.1 and Swagger 2.0, YAML or JSON. Without documents: a table of one route, and a .env to fill in.\nExit code 1: a document cannot be used, or the file exists.',
    load: async () => (await import('./commands/init.ts')).init,
  },
  {
    usage: 'check',
    summary: 'read the config file and the environment: every error at once, and warnings',
    options: [
      ['--strict', 'warnings are problems too'],
      ['--offline', 'do not look at the running facade'],
    ],
    load: async () => (await import('./commands/check.ts')).check,
  },
  {
    usage: 'doctor',
    summary: 'look at everything the facade needs: upstreams, credentials, clock, database, disk, ports',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    usage: 'routes [text]',
    summary: 'the table that serves now, with the last minute of both paths',
    options: [['--stage <stage>', 'only direct, shadow, canary, gateway or retired']],
    common: 'admin',
    load: async () => (await import('./commands/routes.ts')).routes,
  },
  {
    usage: 'watch [text]',
    summary: 'the same, live, what is active first; arrow keys scroll, q quits',
    options: [['--stage <stage>', 'only direct, shadow, canary, gateway or retired']],
    common: 'admin',
    load: async () => (await import('./commands/watch.ts')).watch,
  },
  {
    usage: 'explain <method> <path>',
    summary: 'what would become of a request: which route, which side, why, what would be sent; nothing is sent',
    options: [
      ['--caller <who>', 'known, unknown, or the twelve digits that the log shows of a caller (default: known)'],
      ['--body <json>', 'the body; - reads standard input'],
      ['-H, --header <name: value...>', 'a header of the request'],
      ['--offline', 'by the config file, not by the running facade'],
    ],
    load: async () => (await import('./commands/explain.ts')).explain,
  },
  {
    usage: 'force-header',
    summary: 'a signed header that sends the requests of a caller, or of a route, to one path',
    options: [
      ['--path <path>', 'direct or gateway', pathName],
      ['--route <id>', 'for this route alone'],
      ['--caller <id>', 'for this caller alone: the twelve digits that the log shows'],
      ['--for <duration>', 'how long it is valid, 30d at most (default: 1h)'],
    ],
    common: 'file',
    help: 'Wants --route, --caller, or both. Signs with FORCE_HEADER_SECRET; no facade needs to run. Whoever has the header may use it: hand it over as a password.',
    load: async () => (await import('./commands/force-header.ts')).forceHeader,
  },
  {
    usage: 'probe <route-or-method> [path]',
    summary: 'a real read through both paths, with timings and the first differences in shape',
    options: [['--param <name=value...>', 'a path parameter, where a route is named']],
    help: 'Only routes that are safe. Shows shapes, never values.',
    load: async () => (await import('./commands/probe.ts')).probe,
  },
  {
    usage: 'flip [routes...]',
    summary: 'change the rollout of routes; shows the diff and what the evidence says, and asks',
    options: [
      ['--all', 'every route that has both endpoints'],
      ['--gateway <percent>', 'share that the gateway serves', percentage],
      ['--shadow <percent>', 'share of the reads that is copied and compared', percentage],
      ['--fallback <side>', 'direct or none', fallback],
      WHY,
      FORCE,
      YES,
      ['--offline', 'edit the config file here; the facade, if one runs, notices'],
    ],
    load: async () => (await import('./commands/flip.ts')).flip,
  },
  {
    usage: 'rollback [revision]',
    summary: 'go back to the rollout before the last flip, or to that of a revision',
    options: [WHY, FORCE, YES],
    common: 'admin',
    load: async () => (await import('./commands/rollback.ts')).rollback,
  },
  {
    usage: 'kill-switch [on|off]',
    summary: 'on: every route direct, at once; off: by the rollout table again; without either: how it stands',
    options: [WHY],
    help: 'Asks nothing. Where no facade answers, it creates or removes server.killSwitchFile, if the config names one.',
    load: async () => (await import('./commands/kill-switch.ts')).killSwitch,
  },
  {
    usage: 'panic',
    summary: 'the former name of kill-switch on',
    options: [['--end', 'kill-switch off'], WHY],
    hidden: true,
    load: async () => (await import('./commands/kill-switch.ts')).panic,
  },
  {
    usage: 'history [route]',
    summary: 'who flipped what, when and why',
    options: [['--limit <n>', 'at most so many (default: 20)', wholeNumber]],
    common: 'admin',
    load: async () => (await import('./commands/history.ts')).history,
  },
  {
    usage: 'unknown-writes [ids...]',
    summary: 'writes of which nobody knows whether they were carried out, and what looking for them came to',
    options: [
      ['--state <state>', 'only open, arrived, not_arrived, cannot_tell or settled'],
      ['--limit <n>', 'at most so many (default: 50)', wholeNumber],
      ['--settle', 'somebody has seen to the writes with these ids'],
      ['--arrived', 'with --settle: it arrived; who asks again with its Idempotency-Key is told so'],
      ['--not-arrived', 'with --settle: it is not; the same Idempotency-Key may send it again'],
      ['--why <text>', 'with --settle: what was found, for the record'],
    ],
    common: 'admin',
    load: async () => (await import('./commands/unknown-writes.ts')).unknownWrites,
  },
  {
    usage: 'diff',
    summary: 'the config file against the table that serves',
    load: async () => (await import('./commands/diff.ts')).diff,
  },
  {
    usage: 'discover',
    summary: 'calls that no route claims: what is still missing from the table',
    common: 'admin',
    load: async () => (await import('./commands/discover.ts')).discover,
  },
  {
    usage: 'parity [route]',
    summary: 'do both paths answer the same? The evidence, the verdict, and the drift of direct',
    options: [
      ['--accept-drift', 'what direct answers now is the new normal of the route'],
      ['--why <text>', 'with --accept-drift: the reason, for the log'],
    ],
    common: 'admin',
    load: async () => (await import('./commands/parity.ts')).parity,
  },
  {
    usage: 'samples <route>',
    summary: 'answers that differ, side by side, redacted; to look at, or as fixtures for replay',
    options: [
      ['--full', 'the whole documents, and not only the places that differ'],
      ['--into <folder>', 'write each into a file of its own'],
      ['--reveal', 'as they are: only where the data are invented, in front of stand-ins'],
    ],
    common: 'admin',
    load: async () => (await import('./commands/samples.ts')).samples,
  },
  {
    usage: 'replay <path...>',
    summary: 'compares frozen samples again, by the rules of the file',
    common: 'file',
    help: 'Paths are files or folders of .json files, as samples --into writes them.\nExit code 1: something differs that is not known; 2: a fixture cannot be read.',
    load: async () => (await import('./commands/replay.ts')).replaySamples,
  },
  {
    usage: 'autopilot [route]',
    summary: 'what it sees, proposes and did; of one route with the diff of its proposal',
    options: [
      ['--pause', 'hands off the route'],
      ['--resume', 'on again'],
      ['--why <text>', 'the reason, for the log'],
    ],
    common: 'admin',
    load: async () => (await import('./commands/autopilot.ts')).autopilot,
  },
  {
    usage: 'notify',
    summary: 'who is told of flips, proposals, roll backs, the kill switch, breakers, parity and drift',
    options: [['--test', 'post a test to each, and tell what it answered']],
    common: 'admin',
    help: 'Exit code 1: a target did not take the test.',
    load: async () => (await import('./commands/notify.ts')).notify,
  },
  {
    usage: 'migration',
    summary: 'how far it has come: stages, shares, what can be deleted',
    common: 'admin',
    load: async () => (await import('./commands/migration.ts')).migration,
  },
  {
    usage: 'completion <shell>',
    summary: 'a completion script for bash, zsh or fish',
    common: 'none',
    help: (name) =>
      `bash: source <(${name} completion bash)\nzsh:  source <(${name} completion zsh)\nfish: ${name} completion fish | source`,
    load: async () => (await import('./commands/completion.ts')).completion,
  },
  {
    usage: 'complete-routes',
    summary: 'the ids of the routes, for the completion',
    common: 'file',
    hidden: true,
    load: async () => (await import('./commands/completion.ts')).completeRoutes,
  },
];

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new RangeError('write a whole number of at least 1');
  return value;
}
