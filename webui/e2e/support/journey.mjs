/** One journey: a browser context of its own, watched for errors, and closed whatever happens. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { chromium } from 'playwright-core';
import { watch } from './watch.mjs';

export const URL_OF_SITE = process.env.JOURNEY_URL ?? 'http://localhost:8000';
/** The same site as from another machine: no https, and not localhost, so the browser withholds what it holds for risky. */
const ELSEWHERE = 'fermata.test';
export const URL_FROM_ELSEWHERE = URL_OF_SITE.replace('localhost', ELSEWHERE);
const PASSWORD = process.env.JOURNEY_PASSWORD ?? 'fermata-dev-1';
const PATIENCE = 20_000;

let browser;
after(() => browser?.close());

/** The one browser of this file. Root (a container) cannot have Chromium's sandbox. */
async function launched() {
  browser ??= await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      `--host-resolver-rules=MAP ${ELSEWHERE} localhost`,
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
  });
  return browser;
}

/**
 * Run `walk({ context, page, watched, open })` in a fresh context. `open(path)` opens another page in it.
 * Fails on a console error, an exception or a violation of the policy that `watched.expect` did not name.
 */
export function journey(name, walk, options = {}) {
  test(name, { timeout: options.timeout ?? 90_000 }, async () => {
    const context = await (
      await launched()
    ).newContext({
      baseURL: options.site ?? URL_OF_SITE,
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
      locale: 'en-GB',
      ...options.context,
    });
    context.setDefaultTimeout(PATIENCE);
    const watched = await watch(context);
    const open = async (path = '/') => {
      const page = await context.newPage();
      await page.goto(path);
      return page;
    };
    try {
      const page = await context.newPage();
      await walk({ context, page, watched, open });
      watched.verify();
    } catch (failure) {
      for (const line of watched.told()) console.log(line);
      await keepPictures(context, name);
      throw failure;
    } finally {
      await context.close();
    }
  });
}

/** What was on the screen when it went wrong. */
async function keepPictures(context, name) {
  const folder = process.env.JOURNEY_PICTURES;
  for (const [at, page] of context.pages().entries()) {
    const focused = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 300)).catch(String);
    console.log(`page ${at + 1} was at ${page.url()}, the focus on ${focused}`);
    if (!folder) continue;
    const path = join(folder, `${name.replaceAll(/\W+/g, '-')}-${at + 1}.png`);
    await page.screenshot({ path }).then(
      () => console.log(`its picture: ${path}`),
      () => undefined,
    );
  }
}

/** Fill in the form that is shown: the page of its own, or the one over the page. */
export async function fillIn(page, { username = 'admin', password = PASSWORD } = {}) {
  const name = page.getByLabel('User name');
  if ((await name.inputValue()) !== username) await name.fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Be signed in as the administrator before any page is opened. */
export async function enter(context) {
  const answer = await context.request.post('/api/v1/session', {
    data: { username: 'admin', password: PASSWORD },
  });
  assert.ok(answer.ok(), `${answer.status()} ${await answer.text()}`);
}

/** Sign in as the administrator at `path` and wait for the page behind. */
export async function signIn(page, path = '/') {
  await page.goto(path);
  await fillIn(page);
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
}
