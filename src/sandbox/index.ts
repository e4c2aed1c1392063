export { startContact2Sale } from './contact2sale.ts';
export type { Contact2Sale, Contact2SaleOptions } from './contact2sale.ts';
