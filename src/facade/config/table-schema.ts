import { z } from 'zod';
import { jsonSchemaOf, type JsonSchema } from './json-schema.ts';
import { facadeConfigSchema, rowsShape, settingsShape, type FacadeConfig } from './schema.ts';

/** A section of the rollout table that an extension reads: one key at the top level, and all below it. */
export interface ConfigSection<Settings = unknown> {
  /** `enrichment`; none of the engine's keys. */
  readonly key: string;
  /**
   * Judges the section and fills in its defaults. It is given undefined where the section is left out, so that one in which
   * everything has a default ends with `.prefault({})`. Make its maps with `z.strictObject`: an unknown key is then refused
   * with the nearest that is known. Rules over several keys are refinements. A message that begins with "write" is the remedy
   * that the report shows. Every key has a `.describe(…)`, from which editors explain it.
   */
  readonly schema: z.ZodType<Settings>;
  /** One process's part of the limits in it; left out: each of several workers has the whole. @param workers 2 or more. */
  splitLimits?(settings: Settings, workers: number): Settings;
  /**
   * What the schema takes and an operator may not have meant; `check` and `doctor` show it. Left out: nothing.
   * @param now milliseconds since the epoch.
   */
  warnings?(settings: Settings, now: number): readonly SectionWarning[];
}

export interface SectionWarning {
  /** Below the section's key. */
  readonly path: readonly (string | number)[];
  /** Stable, for scripts. */
  readonly kind: string;
  readonly message: string;
  /** What to do instead. */
  readonly remedy: string;
}

type ParsedTable =
  | { readonly ok: true; readonly config: FacadeConfig }
  | { readonly ok: false; readonly issues: readonly z.core.$ZodIssue[] };

/** What may stand in a rollout table: the engine's options and the section of an extension. Made once, used for every text. */
export class TableSchema {
  readonly section: ConfigSection | undefined;
  readonly #schema: z.ZodObject;
  #json: JsonSchema | undefined;

  /** @param section left out: the engine alone, which refuses every other key. */
  constructor(section?: ConfigSection) {
    this.section = section;
    if (!section) {
      this.#schema = facadeConfigSchema;
      return;
    }
    if (Object.hasOwn(facadeConfigSchema.shape, section.key) || section.key === 'extension')
      throw new Error(`the section ${section.key} of the extension has the name of a section of the engine`);
    this.#schema = z.strictObject({ ...settingsShape, [section.key]: section.schema, ...rowsShape });
  }

  /** @param value the document as data. */
  parse(value: unknown): ParsedTable {
    const parsed = this.#schema.safeParse(value);
    if (!parsed.success) return { ok: false, issues: parsed.error.issues };
    if (!this.section) return { ok: true, config: parsed.data as FacadeConfig };
    const { [this.section.key]: extension, ...engine } = parsed.data;
    return { ok: true, config: { ...(engine as FacadeConfig), extension } };
  }

  /** What editors complete and reports explain by. */
  get json(): JsonSchema {
    return (this.#json ??= jsonSchemaOf(this.#schema));
  }
}

/** Of a facade without an extension. */
export const ENGINE_SCHEMA = new TableSchema();
