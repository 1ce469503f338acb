// What no import list of one file shows: cycles, and I/O reached from the pure core. The layers themselves are rules of eslint.config.js.
const pureCannotTouch = '^(node:|fs|http|https|net|child_process)|node_modules/(@kubernetes|@dot-i|winston|prom-client|js-yaml)';

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'pure-core-does-no-io', severity: 'error', from: { path: '^src/(api|prunejob)', pathNot: '\\.test\\.ts$' }, to: { path: pureCannotTouch } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
