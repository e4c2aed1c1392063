// The arrows of the house: http → config → rollout → dialect → observe → store → forward → compare → steer → enrichment → admin → cluster → app.
// A folder may import what stands left of it, never what stands right of it. `gateway` and `sandbox` are
// services of their own: they see `http` and `observe` and nothing of the facade. `http` is the ground for all of
// them: what a request or an answer must be, and connections to an upstream. It imports nothing of ours.
const order = [
  'http',
  'config',
  'rollout',
  'dialect',
  'observe',
  'store',
  'forward',
  'compare',
  'steer',
  'enrichment',
  'admin',
  'cluster',
];
const arrows = order.map((room, i) => ({
  name: `${room}-imports-left-only`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: {
    path: `^src/(${[...order.slice(i + 1), 'cli', 'sandbox', 'gateway', 'compose', 'app', 'embed', 'main'].join('|')})(/|\\.ts)`,
    // What an advertisement's campaign means is one file for both: the gateway's operations and Google's webhook.
    ...(room === 'enrichment' ? { pathNot: '^src/gateway/campaign' } : {}),
  },
}));

module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'services-of-their-own',
      severity: 'error',
      from: { path: '^src/(gateway|sandbox)/' },
      to: { path: '^src/(?!gateway/|sandbox/|observe/|http/)' },
    },
    {
      name: 'gateway-knows-no-sandbox',
      severity: 'error',
      from: { path: '^src/gateway/' },
      to: { path: '^src/sandbox/' },
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
