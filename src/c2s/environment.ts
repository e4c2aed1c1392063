import {
  environmentWarnings as warningsOf,
  readEnvironment as read,
  variableNames,
  type ReadEnvironment,
} from '../facade/config/environment.ts';
import { sandboxFaults as faultsOf } from '../facade/config/variable-names.ts';
import type { Variables } from '../facade/config/variables.ts';
import { ENRICHMENT_VARIABLES } from './enrichment/variables.ts';
import { CONTACT2SALE } from './pair/contact2sale.ts';

/** The environment of the facade as it is shipped. */

/** Reads `process.env` or any record like it; each problem is one line `NAME: what is wrong`. */
export const readEnvironment = (env: Variables): ReadEnvironment =>
  read(env, CONTACT2SALE.variables, ENRICHMENT_VARIABLES);

/**
 * Variables under former names, and misspelt ones, each as one line `NAME: what to do`.
 * @param table text of the rollout table, which may name variables of its own.
 */
export const environmentWarnings = (env: Variables, table?: string): readonly string[] =>
  warningsOf(env, CONTACT2SALE.variables, ENRICHMENT_VARIABLES, table);

/** Every variable that is read. */
export const VARIABLE_NAMES = variableNames(CONTACT2SALE.variables, ENRICHMENT_VARIABLES);

/** Why this environment must not start on the sandbox, each as one line `NAME: what to do`; empty: it may, or is a real one. */
export const sandboxFaults = (env: Variables): readonly string[] =>
  faultsOf(env, VARIABLE_NAMES, CONTACT2SALE.variables);
