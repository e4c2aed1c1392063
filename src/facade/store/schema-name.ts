/** All our tables live in a Postgres schema of their own, so that the database may be one that others use too. */
export const SCHEMA = 'facade';
