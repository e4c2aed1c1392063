import {
  environmentWarnings as warningsOf,
  readEnvironment as read,
  variableNames,
  type ReadEnvironment,
} from '../facade/config/environment.ts';
import type { Variables } from '../facade/config/variables.ts';
import { ENRICHMENT_VARIABLES } from './enrichment/variables.ts';
import { CONTACT2SALE } from './pair/contact2sale.ts';

/** The environment of the facade as it is shipped. */

/** Reads `process.env` or any record like it; each problem is one line `NAME: what is wrong`. */
export const readEnvironment = (env: Variables): ReadEnvironment =>
  read(env, CONTACT2SALE.variables, ENRICHMENT_VARIABLES);

/** Variables under former names, each as one line `NAME: what to do`. */
export const environmentWarnings = (env: Variables): readonly string[] => warningsOf(env, ENRICHMENT_VARIABLES);

/** Every variable that is read. */
export const VARIABLE_NAMES = variableNames(CONTACT2SALE.variables, ENRICHMENT_VARIABLES);
