// What a first visit and each lazy part may weigh, gzipped. Run by `npm run build`; fails over the budget.
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url);
const KB = 1024;
const BUDGET = { initial: 180 * KB, lazy: 70 * KB, css: 30 * KB };
/** Parts that may weigh more, each with its reason. */
const LARGER = {
  CodePane: 160 * KB, // CodeMirror with YAML, search, folding and lint
  ReadCode: 170 * KB, // the same to read, with the YAML that the builder has already
  editor: 76 * KB, // of expressions: the core of CodeMirror, with what the code pane needs of it
};

const manifest = JSON.parse(await readFile(new URL('.vite/manifest.json', dist), 'utf8'));
const sizes = new Map();
async function size(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(await readFile(new URL(file, dist))).length);
  return sizes.get(file);
}

function closure(key, found = new Set()) {
  if (found.has(key)) return found;
  found.add(key);
  for (const next of manifest[key].imports ?? []) closure(next, found);
  return found;
}

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const first = closure(entry);
const sum = async (keys) =>
  (await Promise.all([...keys].map((key) => size(manifest[key].file)))).reduce((a, b) => a + b, 0);
const kb = (bytes) => `${(bytes / KB).toFixed(1)} KB`;
const over = [];
function report(name, bytes, budget) {
  console.log(`${bytes > budget ? '✗' : ' '} ${name.padEnd(44)} ${kb(bytes).padStart(10)} of ${kb(budget)}`);
  if (bytes > budget) over.push(name);
}

const home = Object.keys(manifest).find((key) => key.endsWith('pages/HomePage.tsx'));
const initial = new Set([...first, ...(home ? closure(home) : [])]);
/** What is there already when a part is asked for: everything that each of the parts asking for it holds. */
function there(key) {
  const askers = Object.keys(manifest).filter((one) => manifest[one].dynamicImports?.includes(key));
  const [one, ...others] = askers.map((asker) => closure(asker));
  return new Set([...(one ?? [])].filter((part) => others.every((other) => other.has(part))));
}
report('first page', await sum(initial), BUDGET.initial);
for (const [key, chunk] of Object.entries(manifest)) {
  if (!chunk.isDynamicEntry || key === home) continue;
  const had = there(key);
  const added = [...closure(key)].filter((one) => !initial.has(one) && !had.has(one));
  const name = chunk.name ?? key;
  report(name, await sum(added), LARGER[name] ?? BUDGET.lazy);
}
const css = new Set(Object.values(manifest).flatMap((chunk) => chunk.css ?? []));
const styles = (await Promise.all([...css].map(size))).reduce((a, b) => a + b, 0);
report('styles', styles, BUDGET.css);
if (over.length > 0) {
  console.error(`Over budget: ${over.join(', ')}. See scripts/size-budget.mjs.`);
  process.exit(1);
}
