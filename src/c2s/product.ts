import type { Product } from '../facade/extension/product.ts';
import { enrichmentExtension } from './extension.ts';
import { CONTACT2SALE } from './pair/contact2sale.ts';

/** The facade as it is shipped: Contact2Sale and its gateway, with the enrichment inside. */
export const PRODUCT: Product = { pair: CONTACT2SALE, extension: enrichmentExtension() };
