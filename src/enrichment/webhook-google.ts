/** What a form of Google Ads said of the person who filled it in. */
export interface GoogleLead {
  /** Google's id of the lead: the key by which a second delivery is recognised. */
  readonly leadId: string;
  readonly campaignId?: string;
  readonly formId?: string;
  readonly clickId?: string;
  /** Sent from Google's "send test data" button: answered, never made a lead. */
  readonly isTest: boolean;
  readonly name?: string;
  readonly email?: string;
  readonly phone?: string;
  /** All other answers, in the order of the form. */
  readonly answers: readonly { readonly question: string; readonly answer: string }[];
}

export type ReadGoogleLead =
  | { readonly kind: 'lead'; readonly lead: GoogleLead }
  /** `google_key` is absent or wrong. */
  | { readonly kind: 'wrong-key' }
  /** Names fields, never values. */
  | { readonly kind: 'malformed'; readonly reasons: readonly string[] };
