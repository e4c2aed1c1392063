import type { BodyRule } from '../config/schema.ts';
import type { PairVariables } from '../config/variables.ts';
import type { Outcome } from './outcome.ts';

/**
 * Two APIs for the same things: the legacy one (`direct`) and its replacement (`gateway`). The rollout table says which
 * operations they share and how their paths, queries and bodies differ. What a table cannot say is said by an
 * {@link ApiPair}: how each side is called and shown a token, how it tells of an error, whose rate limit a 429 is, what the
 * gateway cannot carry. The engine imports nothing of the two APIs.
 */

/** Which side serves a request. */
export type Path = 'direct' | 'gateway';

/** In which of the two languages a request was asked. It is answered in the same. */
export type Dialect = Path;

export interface ApiPair {
  /** What people call each side, in the middle of a sentence: `Contact2Sale`, `the gateway`. */
  readonly names: Readonly<Record<Path, string>>;
  /** How a caller shows its token to each side. Of a known caller the facade writes both. */
  readonly tokens: Readonly<Record<Path, TokenHeader>>;
  /** The environment variables that hold the address and the token of each side. */
  readonly variables: PairVariables;
  /** A path of each side that answers a GET with 2xx to a valid token and 401 or 403 without: `doctor` asks it. Left out: `doctor` only connects. */
  readonly tokenCheck?: Readonly<Record<Path, string>>;
  readonly gateway: GatewayLimits;
  /** The status that a side gives every success, where it has one: owed to its callers whichever side served. A route's own `success` goes first. */
  readonly success?: { readonly [Side in Dialect]?: number };
  /** Whose rate limit a 429 of this path tells of: a gateway that calls the legacy API passes that API's limit on. */
  rateLimitOf(path: Path): Path;
  /**
   * Is an answer of this path with a status of 400 or above read whole (up to 64 KiB) and given to {@link understand},
   * rather than streamed to the caller as it came?
   */
  mustUnderstand(path: Path, asked: Dialect): boolean;
  /**
   * What an error answer means: the outcome that breaker, failover and metrics judge by, and what the caller is told. An
   * error that proves that a write was carried out may be understood as a success. Pure.
   */
  understand(answer: ErrorAnswer): UnderstoodError;
}

/** Where the token stands in a request to one side. */
export interface TokenHeader {
  /** The header that the facade writes, in lower case: `authorization`. */
  readonly name: string;
  /** What stands before the token: `Bearer `, or nothing. Callers may write it or leave it out. */
  readonly prefix: '' | 'Bearer ';
  /** Further headers, in lower case, from which a caller's token is taken. */
  readonly aliases: readonly string[];
}

/** What the gateway side cannot carry. A request that needs it goes to direct. */
export interface GatewayLimits {
  /** Does the gateway answer HEAD? Where it does not, HEAD goes to direct; of a route without direct it is sent as GET. */
  readonly takesHead: boolean;
  /** Are a path with a slash at its end, and the alias of a path, the same to the gateway? */
  readonly takesOtherSpellings: boolean;
  /** Request headers, in lower case, by which a write is carried out on a condition or once, and that the gateway ignores. */
  readonly ignoredWriteHeaders: readonly string[];
  /** Is the Date of its answers true? A Date that is not is dropped, and node writes one. */
  readonly datesAreTrue: boolean;
  /** May this path parameter, percent-encoded as it came, be handed to the gateway? False sends the request to direct. */
  takesParameter(raw: string): boolean;
}

/** An error answer of one side, read whole. */
export interface ErrorAnswer {
  /** Who answered. */
  readonly path: Path;
  /** In whose dialect the caller asked. */
  readonly asked: Dialect;
  /** The request only reads. */
  readonly isSafe: boolean;
  /** The route's body rule: names the fields of a 422 as the asking dialect does. */
  readonly rule: BodyRule | undefined;
  readonly status: number;
  readonly contentType: string | undefined;
  /** Empty where the answer was longer than 64 KiB. */
  readonly body: Buffer;
  readonly durationMs: number;
}

export interface UnderstoodError {
  readonly outcome: Outcome;
  /** What the caller is answered, unless another path is asked. A success becomes the one that the asking dialect owes. */
  readonly status: number;
  /** The body for the caller in the asking dialect; undefined: the facade's own problem for the outcome. */
  readonly replacement: AnswerBody | undefined;
}

export interface AnswerBody {
  /** Undefined: of an empty body. */
  readonly contentType: string | undefined;
  readonly body: Buffer;
}
