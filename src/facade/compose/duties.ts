import type { WorkerRole } from '../cluster/worker-role.ts';
import type { DatabaseChoice } from '../config/environment.ts';
import type { RolloutStoreKind } from '../steer/diff-file.ts';

/** Of what may be done once only, which of it is this process's: worked out once from its role and its database. */
export interface Duties {
  /** In the database where several facades share one. One that is embedded is ours alone: the file keeps them, then. */
  readonly rolloutsIn: RolloutStoreKind;
  /** This process writes the history of the flips into the store. Other workers on the same file do not. */
  readonly keepsHistory: boolean;
  /** Where no shared database says who leads, this process decides for the autopilot. */
  readonly mayLead: boolean;
}

export function dutiesOf(role: Pick<WorkerRole, 'isFirst' | 'isEmbedded'>, database: DatabaseChoice): Duties {
  const rolloutsIn = database.kind === 'url' && !role.isEmbedded ? 'database' : 'file';
  return { rolloutsIn, keepsHistory: role.isFirst || rolloutsIn === 'database', mayLead: role.isFirst };
}
