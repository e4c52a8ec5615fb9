/**
 * The screen without a platform: a test build, served by the browser's own routes, fed by a transport that a test
 * speaks for. The page around it has the policy that Django gives it.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';

export const ALONE = 'http://screen.test';
const FILES = '/static/webui/';
const ROOT = new URL('../../', import.meta.url);
const TYPES = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};
const NONCE = 'bm9uY2U';
const POLICY =
  `default-src 'none'; script-src 'self' 'nonce-${NONCE}'; style-src 'self' 'nonce-${NONCE}'; ` +
  "style-src-attr 'none'; img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'";

const ME = {
  user: { id: 'u1', username: 'ana', name: '', email: '', is_staff: false, is_superuser: false },
  workspaces: [{ id: 'w1', slug: 'default', name: 'Default', role: 'owner' }],
  locale: 'en',
  features: {},
  token: null,
};

let dist;

/** The test build, made once in a folder of its own. */
async function built() {
  if (dist) return dist;
  dist = await mkdtemp(join(tmpdir(), 'screen-'));
  process.on('exit', () => void rm(dist, { recursive: true, force: true }));
  const vite = new URL('node_modules/vite/bin/vite.js', ROOT).pathname;
  const words = [vite, 'build', '--mode', 'test', '--outDir', dist, '--emptyOutDir', '--logLevel', 'warn'];
  await promisify(execFile)(process.execPath, words, { cwd: ROOT.pathname });
  return dist;
}

/**
 * Serve the screen to a context. `answers` names requests (`GET /workflows`) and what is answered, or a function of
 * the URL that tells; everything else is not found. `sockets(ws)` speaks for the streams.
 */
export async function serveAlone(context, answers = {}, sockets = () => undefined) {
  const folder = await built();
  const manifest = JSON.parse(await readFile(join(folder, '.vite/manifest.json'), 'utf8'));
  const page = shell(manifest);
  await context.routeWebSocket(`${ALONE.replace('http', 'ws')}/**`, sockets);
  await context.route(`${ALONE}/**`, async (route) => {
    const request = route.request();
    const url = new URL(request.url());
    if (url.pathname.startsWith(FILES)) {
      const body = await readFile(join(folder, url.pathname.slice(FILES.length)));
      return route.fulfill({ body, contentType: TYPES[extname(url.pathname)] ?? 'application/octet-stream' });
    }
    if (!url.pathname.startsWith('/api/')) {
      return route.fulfill({
        body: page,
        contentType: 'text/html',
        headers: { 'Content-Security-Policy': POLICY },
      });
    }
    const asked = `${request.method()} ${url.pathname.slice('/api/v1'.length)}`;
    const found = Object.entries(answers).find(([name]) => name === asked)?.[1];
    if (found === undefined)
      return route.fulfill({ status: 404, json: { status: 404, detail: `No ${asked}.` } });
    return route.fulfill({ json: typeof found === 'function' ? await found(url) : found });
  });
}

function shell(manifest) {
  const entry = Object.keys(manifest).find((name) => manifest[name].isEntry);
  const seen = new Set();
  const walk = (name) => {
    if (seen.has(name)) return [];
    seen.add(name);
    return [...(manifest[name].imports ?? []).flatMap(walk), ...(manifest[name].css ?? [])];
  };
  const links = walk(entry).map((href) => `<link rel="stylesheet" href="${FILES}${href}">`);
  return `<!doctype html>
<html lang="en" data-contrast="normal">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="csp-nonce" content="${NONCE}">
<title>Fermata</title>
<link rel="icon" href="data:,">
${links.join('\n')}
</head>
<body>
<div id="root"></div>
<script type="application/json" id="me">${JSON.stringify(ME)}</script>
<script type="module" src="${FILES}${manifest[entry].file}"></script>
</body>
</html>`;
}
