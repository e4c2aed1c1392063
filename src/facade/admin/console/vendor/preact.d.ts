/** Served by src/facade/admin/console.ts from the package htm, which carries Preact and its hooks in one file. */
export * from 'htm/preact';
