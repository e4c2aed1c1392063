/** Served by src/admin/console.ts from the package uplot. */
export { default } from 'uplot';
