import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const PURE = ['src/{document,execution,forms,i18n,layout,theme}/**/*.test.ts'];

// Django serves the build below /static/webui/ and writes the page around it (fermata.config.shell).
export default defineConfig(({ mode }) => ({
  base: '/static/webui/',
  plugins: [react()],
  define: { __GALLERY__: JSON.stringify(mode !== 'production') },
  build: {
    outDir: 'dist',
    manifest: true,
    sourcemap: false,
    target: 'es2022',
    assetsInlineLimit: 0, // the policy allows no data: fonts or scripts
    modulePreload: { polyfill: false },
  },
  worker: { format: 'es' },
  server: {
    port: 5173,
    proxy: {
      '/api': { target: 'http://localhost:8000', ws: true },
    },
  },
  test: {
    pool: 'threads',
    restoreMocks: true,
    testTimeout: 20_000, // the machine may be busy
    projects: [
      { extends: true, test: { name: 'pure', include: PURE } }, // there is no page to lean on
      {
        extends: true,
        test: {
          name: 'page',
          environment: 'happy-dom',
          include: ['src/**/*.test.{ts,tsx}'],
          exclude: PURE,
          setupFiles: ['src/setup.test-env.ts'],
        },
      },
    ],
  },
}));
