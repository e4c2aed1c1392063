import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ApiPair } from './rollout/api-pair.ts';

/** Public types of createFacade (embed.ts). They import node's types and the facade's own, so that a program needs no other types to compile. */

export interface FacadeOptions {
  /** The two APIs; left out: Contact2Sale and its gateway, with the enrichment inside. */
  readonly pair?: ApiPair;
  /**
   * The rollout table: the path of a YAML file, which is watched, or its content as an object. An object is kept in a
   * temporary file of this process, so that flips of the admin API have a place to be; they end with the process.
   */
  readonly config: string | object;
  /**
   * The variables of .env.example, those of the two sides by the names that the pair gives; at least the address and the
   * token of the direct side. Default: none, on purpose: a host's own
   * DATABASE_URL is not the facade's. Without DATABASE_URL and DATA_DIR there is no database, and so no enrichment.
   */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Takes log lines, one JSON object each, with its line feed. Default: warnings and errors to standard error. */
  readonly log?: (line: string) => void;
}

/** What a command of one's own is made of. */
export interface CliOptions {
  /** The two APIs. */
  readonly pair: ApiPair;
  /** What the operator types, and what help and messages call the command. */
  readonly name: string;
  /** The arguments; left out: those of the process. */
  readonly argv?: readonly string[];
  /** Runs the facade in this process, for a command `start`; left out: there is none. */
  readonly start?: () => Promise<unknown>;
}

export interface Facade {
  /**
   * Serves one request, whole: routes of the table, the pages of an extension, and all else goes direct. For `createServer(handle)`, and for Express's `app.use(handle)` above every body parser.
   */
  readonly handle: (req: IncomingMessage, res: ServerResponse) => void;
  /** For a server's `upgrade` event: WebSockets that no route claims pass through. */
  readonly upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** For a server's `shouldUpgradeCallback`: a request that only offers an upgrade is served like any other. */
  readonly isUpgrade: (req: IncomingMessage) => boolean;
  /**
   * Metrics, probes, the API and the console, for a server of its own on a port that the public does not reach. Without
   * ADMIN_TOKEN the API answers 401 to everybody.
   */
  readonly admin: RequestListener;
  /** Reads the table again, now, even if the file did not change. */
  reload(): Promise<void>;
  /**
   * Says 503 to health checks and ends connections with their next answer, but serves on for `server.drainDelay`; then
   * lets what is under way end (`server.drain`) and lets go of everything. The server is its owner's to close: when the
   * delay is over, and without a delay first or together with this.
   */
  close(): Promise<void>;
}
