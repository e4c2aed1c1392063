/** The channel that all instances hear (facade/store/listen.ts), and what is said on it: hints, nothing personal. */
export const CHANNEL = 'enrichment_jobs';
/** There is something to do. */
export const JOBS = 'jobs';
/** Somebody was forgotten: what is kept in memory goes. */
export const FORGOTTEN = 'forgotten';
