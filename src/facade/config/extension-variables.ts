import type { z } from 'zod';
import type { FormerNames } from '../../http/former-names.ts';

/** The variables of the environment that an extension reads. They are judged with the engine's, in one report. */
export interface ExtensionVariables<Values = unknown, Shape extends z.ZodRawShape = z.ZodRawShape> {
  /**
   * Each variable by itself, by its name. None may be required: an empty environment is a first run. variable-kinds.ts has the
   * usual kinds; `optional(…)` makes an empty variable an unset one. No message may repeat the value: a report goes to a log.
   */
  readonly schema: z.ZodObject<Shape>;
  /** Variables that must be set when another one is: `{ SOURCE_KEY: 'SOURCE_URL' }`. */
  readonly requiredWith: Readonly<Record<string, string>>;
  /** Variables that hold secrets. None of them may be a secret of the engine or one of the others: each serves one purpose. */
  readonly secrets: readonly SecretVariable[];
  /** Names of these variables, or of the engine's, in a service that this one replaces. Left out: none. */
  readonly formerNames?: FormerNames;
  /** Variables with our prefix of another service that the same .env may serve: nothing is said of them. Left out: none. */
  readonly otherNames?: readonly string[];
  /** What the extension is started with, of variables that were all accepted. */
  read(accepted: z.output<z.ZodObject<Shape>>): Values;
}

export interface SecretVariable {
  readonly name: string;
  /** Several secrets, separated by commas. */
  readonly isList: boolean;
}
