// The layers of ARCHITECTURE.md, checked: api < prunejob (pure) < shell < main; runtime and telemetry know nothing of PruneJob.
const pureCannotTouch = '^(node:|fs|http|https|net|child_process)|node_modules/(@kubernetes|@dot-i|winston|prom-client|js-yaml)';

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'api-imports-only-api', severity: 'error', from: { path: '^src/api' }, to: { path: '^src/', pathNot: '^src/api' } },
    { name: 'prunejob-imports-only-api', severity: 'error', from: { path: '^src/prunejob' }, to: { path: '^src/', pathNot: '^src/(api|prunejob)' } },
    { name: 'pure-core-does-no-io', severity: 'error', from: { path: '^src/(api|prunejob)', pathNot: '\\.test\\.ts$' }, to: { path: pureCannotTouch } },
    { name: 'runtime-knows-no-prunejob', severity: 'error', from: { path: '^src/(runtime|telemetry)' }, to: { path: '^src/(api|prunejob|shell|main|config)' } },
    { name: 'nothing-imports-main', severity: 'error', from: { pathNot: '^src/main' }, to: { path: '^src/main' } },
    { name: 'shell-below-main', severity: 'error', from: { path: '^src/shell' }, to: { path: '^src/main' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
