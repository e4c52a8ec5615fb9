import js from '@eslint/js';
import boundaries from 'eslint-plugin-boundaries';
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

// The floors, from top to bottom; imports point downward only (docs/architecture/webui.md).
const FLOORS = [
  ['app', 'src/app/**'],
  ['pages', 'src/pages/**'],
  ['panels', 'src/components/Workflow'],
  ['builder', 'src/components/Workflow/builder/**'],
  ['execution-views', 'src/components/Workflow/execution/**'],
  ['surface', 'src/surface/**'],
  ['forms', 'src/forms/**'],
  ['ui', 'src/ui/**'],
  ['stores', 'src/stores/**'],
  ['keyboard', 'src/keyboard/**'],
  ['i18n', 'src/i18n/**'],
  ['theme', 'src/theme/**'],
  ['api', 'src/api/**'],
  ['document', 'src/document/**'],
  ['execution', 'src/execution/**'],
  ['layout', 'src/layout/**'],
];
const PURE = ['document', 'execution', 'layout'];
const BASE = ['ui', 'stores', 'keyboard', 'i18n', 'theme', 'api', ...PURE];
const MAY_IMPORT = {
  app: FLOORS.map(([name]) => name),
  pages: FLOORS.map(([name]) => name).filter((name) => name !== 'app'),
  panels: ['panels', 'builder', 'execution-views', 'surface', 'forms', ...BASE],
  builder: ['builder', 'surface', 'forms', ...BASE],
  'execution-views': ['execution-views', 'surface', 'forms', ...BASE],
  surface: ['surface', ...BASE],
  forms: ['forms', ...BASE],
  ui: ['ui', 'keyboard', 'i18n', 'theme'],
  stores: ['stores', 'api', ...PURE],
  keyboard: ['keyboard', 'i18n'],
  i18n: ['i18n'],
  theme: ['theme', 'execution'],
  api: ['api', 'execution'],
  document: ['document'],
  execution: ['execution'],
  layout: ['layout', 'document'],
};

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'src/api/schema.d.ts', 'src/document/schema.d.ts'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  hooks.configs.flat['recommended-latest'] ?? hooks.configs.flat.recommended,
  {
    files: ['src/**/*.{ts,tsx}'],
    plugins: { boundaries },
    settings: {
      'boundaries/elements': FLOORS.map(([type, pattern]) => ({ type, pattern, partialMatch: false })),
      'boundaries/include': ['src/**/*'],
      'import/resolver': { node: { extensions: ['.ts', '.tsx', '.css', '.json'] } },
    },
    rules: {
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: Object.entries(MAY_IMPORT).map(([from, types]) => ({
            from: { element: { type: from } },
            allow: [{ to: { element: { type: types } } }],
          })),
        },
      ],
      // Missing, or else than one thinks, on a page that came by plain http from another machine.
      'no-restricted-properties': [
        'error',
        { object: 'navigator', property: 'clipboard', message: 'Copy by ui/clipboard.' },
        { object: 'crypto', property: 'randomUUID', message: 'Take api/unique.' },
        { object: 'crypto', property: 'subtle', message: 'Only where a page came by https.' },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['src/ui/clipboard.ts', 'src/**/*.test.{ts,tsx}'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: PURE.map((floor) => `src/${floor}/**/*.ts`),
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: ['react', 'react-*', 'zustand', 'zustand/*', '@tanstack/*'] },
      ],
      'no-restricted-globals': ['error', 'fetch', 'window', 'document', 'WebSocket'],
    },
  },
  {
    files: ['scripts/**', '*.config.*', 'e2e/**'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        fetch: 'readonly',
        window: 'readonly', // in what a journey evaluates on the page
        document: 'readonly',
        performance: 'readonly',
        requestAnimationFrame: 'readonly',
        getComputedStyle: 'readonly',
        innerWidth: 'readonly',
        innerHeight: 'readonly',
        CSSStyleSheet: 'readonly',
        cancelAnimationFrame: 'readonly',
        addEventListener: 'readonly',
        navigator: 'readonly',
        crypto: 'readonly',
        Node: 'readonly',
        NodeFilter: 'readonly',
        WheelEvent: 'readonly',
        DOMMatrix: 'readonly',
        PerformanceObserver: 'readonly',
      },
    },
  },
);
