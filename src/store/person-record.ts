/** A person as the pipeline hands it over; texts as they came, absent where nothing is known. */
export interface PersonRecord {
  /** Eleven digits. */
  readonly cpf: string;
  readonly name?: string;
  /** `15/05/1985` or `1985-05-15`. */
  readonly birthDate?: string;
  readonly sex?: string;
  readonly motherName?: string;
  readonly fatherName?: string;
  readonly maritalStatus?: string;
  readonly isDeceased?: boolean;
  readonly occupation?: string;
  readonly economics: {
    readonly income?: { readonly text: string; readonly value?: number };
    readonly incomeBand?: string;
    readonly purchasingPower?: string;
    readonly score?: string;
    readonly risk?: string;
  };
  /** The best first, as with all that follows. */
  readonly emails: readonly string[];
  readonly phones: readonly { readonly number: string; readonly isWhatsapp?: boolean }[];
  readonly addresses: readonly AddressRecord[];
  readonly companies: readonly CompanyRecord[];
}

export interface AddressRecord {
  readonly streetKind?: string;
  readonly street?: string;
  readonly number?: string;
  readonly complement?: string;
  readonly district?: string;
  readonly city?: string;
  readonly state?: string;
  readonly postalCode?: string;
}

export interface CompanyRecord {
  readonly cnpj?: string;
  readonly relation?: string;
  readonly relationKind?: string;
}
