import tseslint from 'typescript-eslint';

const READ_FILE = 'Use readText or readTextSync of http/read-file.ts.';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', 'grafana/**/*.json', 'test/**/generated/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: ['error', 'smart'],
      'no-console': 'error',
      'prefer-const': 'error',
    },
  },
  {
    // A function that no longer fits on a screen does more than one thing.
    files: ['src/**/*.ts'],
    rules: { 'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }] },
  },
  {
    // What an operator can put in a path may be a FIFO or without an end: http/read-file.ts reads regular files, bounded.
    files: ['src/**/*.ts'],
    ignores: [
      // Files of the package itself.
      'src/facade/admin/console.ts',
      'src/c2s/gateway/docs-page.ts',
      // The system's own, and standard input.
      'src/facade/store/embedded/account.ts',
      'src/facade/cli/commands/explain.ts',
    ],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'node:fs', importNames: ['readFile', 'readFileSync', 'createReadStream'], message: READ_FILE },
            { name: 'node:fs/promises', importNames: ['readFile'], message: READ_FILE },
          ],
        },
      ],
    },
  },
  {
    // htm's templates are typed loosely; the components themselves are not.
    files: ['src/facade/admin/console/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: { '@typescript-eslint/require-await': 'off', 'no-console': 'off' },
  },
);
