/** Served by src/facade/admin/console.ts from the package uplot. */
export { default } from 'uplot';
