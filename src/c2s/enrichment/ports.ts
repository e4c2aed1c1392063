import type { WindowClaim } from '../store/windows.ts';
import type { Cpf } from './cpf.ts';
import type { Diretrix } from './diretrix.ts';
import type { FacadeClient } from './facade-client.ts';
import type { NewLeadDefaults } from './google-lead.ts';
import type { Findings } from './message.ts';
import type { Person } from '../store/person.ts';
import type { Marks } from './marker.ts';
import type { WorkApi } from './work-api.ts';

/** What the steps reach out to; each is injected, so that a step is its rules and nothing else. */

export interface People {
  /**
   * The right to ask about a CPF, or what was answered within the window, by any instance. `taken`: somebody has been
   * asking for seconds. @param asker the number of this process.
   */
  claim(cpf: Cpf, asker: number): Promise<WindowClaim<Findings>>;
  /** Gives the right back. */
  release(cpf: Cpf, asker: number): Promise<void>;
  /** Keeps an answer for the window, which ends the claim, and the raw text where there is a key to seal it with. */
  answered(cpf: Cpf, findings: Findings, raw: string | undefined): Promise<void>;
  /** Adds or updates a person and all that belongs to one. */
  store(person: Person): Promise<void>;
}

export interface Pace {
  /** Waits for this process's turn to ask the Work API; all instances stand in one line. */
  turn(): Promise<void>;
}

/** Who knows which messages of ours the database has recorded. */
export interface KnownMarkers {
  /** @returns the first of these markers that no enrichment of the lead has recorded. */
  firstUnknown(leadId: string, markers: readonly string[]): Promise<string | undefined>;
}

/** Who knows what other enrichments came to. */
export interface RecentlyEnriched {
  /** @returns whether each of these people was enriched within the time, by another enrichment than this one. */
  wereEnriched(id: string, cpfs: readonly string[], withinMs: number): Promise<boolean>;
}

export interface EnrichmentPorts {
  readonly facade: FacadeClient;
  readonly diretrix: Diretrix;
  readonly workApi: WorkApi;
  readonly people: People;
  readonly pace: Pace;
  readonly marks: Marks;
}

export interface StepSettings {
  /** UTF-16 units. */
  readonly maxLength: number;
  readonly incomeMultiplier: number;
  /** Milliseconds for which a person counts as enriched just now. */
  readonly windowMs: number;
  /**
   * After it a write that was begun cannot arrive any more: above the facade's total deadline and the
   * gateway's own for Contact2Sale.
   */
  readonly settleMs: number;
  readonly newLead: NewLeadDefaults;
}
