/**
 * What Work API knows of a person, in our words, as the steps hand it on and as it is stored. Texts are as they came;
 * absent means that nothing is known. All of it is plain JSON, so that a job may keep it between two steps.
 */
export interface Person {
  /** Eleven digits. */
  readonly cpf: string;
  readonly name?: string;
  /** dd/mm/yyyy, as it came. */
  readonly birthDate?: string;
  readonly sex?: string;
  readonly motherName?: string;
  readonly fatherName?: string;
  readonly maritalStatus?: string;
  readonly isDeceased?: boolean;
  readonly occupation?: string;
  readonly economics: Economics;
  /** By priority, the first is the best. */
  readonly emails: readonly string[];
  readonly phones: readonly PersonPhone[];
  readonly addresses: readonly Address[];
  readonly companies: readonly Company[];
}

export interface Economics {
  readonly income?: Income;
  readonly purchasingPower?: string;
  /** `De R$ 7018 até R$ 15000` */
  readonly incomeBand?: string;
  readonly score?: string;
  readonly risk?: string;
}

export interface Income {
  /** As it came: `8500,50`. */
  readonly text: string;
  /** In reais; absent when the text is no number. */
  readonly value?: number;
}

export interface PersonPhone {
  readonly number: string;
  readonly kind?: string;
  readonly carrier?: string;
  readonly isWhatsapp: boolean;
  readonly status?: string;
}

export interface Address {
  readonly streetKind?: string;
  readonly street?: string;
  readonly number?: string;
  readonly complement?: string;
  readonly district?: string;
  readonly city?: string;
  readonly state?: string;
  readonly postalCode?: string;
}

export interface Company {
  readonly cnpj?: string;
  readonly relation?: string;
  readonly relationKind?: string;
}
