import type { FacadeConfig } from '../config/schema.ts';
import type { TableSchema } from '../config/table-schema.ts';
import type { Variables } from '../config/variables.ts';
import type { Logger } from '../../http/log.ts';
import type { FlipRequest, FlipResult } from './request.ts';

/** Where the rollouts in force are kept: the two ways of it are file-truth.ts and store-truth.ts. */
export interface Truth {
  /** Sees every config that is loaded, and says what is in force instead. Synchronous: it is part of the load. */
  take(written: FacadeConfig, text: string): FacadeConfig;
  /** Makes the flip and waits until its table serves. @throws FlipRefused */
  flip(request: FlipRequest): Promise<FlipResult>;
  /** The history is there, or a new revision of it. */
  catchUp(): Promise<void>;
}

export interface TruthOptions {
  readonly file: string;
  /** Of the file; left out: the engine's alone. */
  readonly schema?: TableSchema | undefined;
  readonly variables: () => Variables;
  /** Reads the config file again, now, and serves it. */
  readonly reload: () => Promise<void>;
  /** Builds the table again, of the text that was loaded last. */
  readonly rebuild: () => void;
  readonly log: Logger;
}
