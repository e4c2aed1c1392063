// The arrows of the house: http ← facade ← c2s ← main. `http` is the ground for every service here and imports nothing of
// ours; `facade` is the engine and never names the pair; `c2s` is the first pair of APIs, and sees both.
// Inside of the engine a room may import what stands left of it in `engine`, never what stands right of it. Inside of the
// pair, gateway and sandbox are services of their own: they see `http` and nothing of the facade.
const engine = [
  'config',
  'rollout',
  'dialect',
  'observe',
  'store',
  'forward',
  'compare',
  'notify',
  'steer',
  'admin',
  'cluster',
  'cli',
  'extension',
  'compose',
];
const arrows = engine.map((room, i) => ({
  name: `${room}-imports-left-only`,
  severity: 'error',
  from: { path: `^src/facade/${room}(/|\\.ts)` },
  to: {
    path: `^src/facade/(${[...engine.slice(i + 1), 'app', 'embed', 'embedded', 'run-cli'].join('|')})(/|\\.ts)`,
  },
}));

module.exports = {
  forbidden: [
    {
      name: 'http-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^src/http/' },
      to: { path: '^src/(?!http/)' },
    },
    {
      name: 'facade-knows-no-pair',
      severity: 'error',
      from: { path: '^src/facade/' },
      to: { path: '^src/(?!http/|facade/)' },
    },
    {
      name: 'nobody-imports-an-entry',
      severity: 'error',
      from: { path: '^src/(facade|c2s)/', pathNot: '^src/c2s/cli/command-line\\.ts' },
      to: { path: '^src/\\w+\\.ts' },
    },
    ...arrows,
    {
      name: 'enrichment-knows-no-admin',
      severity: 'error',
      from: { path: '^src/c2s/(pair|store|enrichment)/' },
      to: {
        path: '^src/(facade/(admin|cluster|cli|compose|app|embed|embedded|run-cli)|c2s/(admin|cli|commands|extension|product))(/|\\.ts)',
      },
    },
    {
      name: 'services-of-their-own',
      severity: 'error',
      from: { path: '^src/c2s/(gateway|sandbox)/' },
      to: { path: '^src/(?!c2s/gateway/|c2s/sandbox/|http/)' },
    },
    {
      name: 'gateway-knows-no-sandbox',
      severity: 'error',
      from: { path: '^src/c2s/gateway/' },
      to: { path: '^src/c2s/sandbox/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'src-knows-no-tests', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|bench)/' } },
    {
      name: 'src-uses-no-dev-dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
