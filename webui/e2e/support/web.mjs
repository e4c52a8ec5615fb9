/** The web process of the platform that is tried, as its supervisor started it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** End it at once, as a crash does; the supervisor starts another. */
export async function killWeb() {
  const home = process.env.FERMATA_HOME;
  assert.ok(home, 'FERMATA_HOME names the folder of the platform that is tried');
  const { pid } = JSON.parse(await readFile(join(home, 'run', 'supervisor.json'), 'utf8'));
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const web = rows
    .map((row) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row) ?? [])
    .find(([, , parent, words]) => Number(parent) === pid && words.includes('uvicorn'));
  assert.ok(web, 'the supervisor has a web process');
  process.kill(Number(web[1]), 'SIGKILL');
}
