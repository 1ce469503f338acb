import js from '@eslint/js';
import tseslint from 'typescript-eslint';

// The layers of ARCHITECTURE.md: what each folder of src must not import. Cycles and I/O in the pure core: .dependency-cruiser.cjs.
const above = {
  api: ['prunejob', 'runtime', 'telemetry', 'shell', 'cli'],
  prunejob: ['runtime', 'telemetry', 'shell', 'cli'],
  runtime: ['api', 'prunejob', 'shell', 'cli'],
  telemetry: ['api', 'prunejob', 'shell', 'cli'],
  shell: ['cli'],
  cli: ['telemetry', 'shell'],
};
const layers = Object.entries(above).map(([folder, forbidden]) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: {
    'no-restricted-imports': ['error', {
      patterns: [{ group: [...forbidden.map((name) => `**/${name}/**`), ...(folder === 'shell' ? [] : ['**/config.ts']), '**/main.ts'], message: `src/${folder} lies below it; see ARCHITECTURE.md.` }],
    }],
  },
}));

export default tseslint.config(
  { ignores: ['node_modules', 'dist', '.venv', 'src/api/**/*.generated.ts', '.dependency-cruiser.cjs'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js'] } } },
    rules: {
      complexity: ['error', 10],
      'max-depth': ['error', 3],
      'max-params': ['error', 4],
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  {
    files: ['**/*.test.ts'],
    rules: { 'max-lines-per-function': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  ...layers,
  { files: ['eslint.config.js', '**/*.mjs'], extends: [tseslint.configs.disableTypeChecked], languageOptions: { globals: { console: 'readonly' } } },
);
