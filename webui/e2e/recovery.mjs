/** Whatever happens while a workflow is edited, nothing of it is lost. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { assertAccessible } from './support/axe.mjs';
import { builderOf, editing, newDraft, savedNode } from './support/draft.mjs';
import { fillIn, journey, enter, URL_OF_SITE } from './support/journey.mjs';
import { proxyTo } from './support/proxy.mjs';

const proxy = await proxyTo(URL_OF_SITE);

const REFUSED = /Failed to load resource: .*(401|413|422)/;
const UNREACHABLE = /Failed to load resource|ERR_/;
const again = (page) => page.getByRole('dialog', { name: 'Your session has ended' });

/** Sign out behind the back of the page. */
async function endSession(context) {
  const cookies = await context.cookies();
  const token = cookies.find(({ name }) => name === 'csrftoken')?.value;
  const ended = await context.request.delete('/api/v1/session', { headers: { 'X-CSRFToken': token } });
  assert.ok(ended.ok(), await ended.text());
}

journey(
  'a session that ends while editing is begun anew over the page, and the draft is saved',
  async (at) => {
    const { page, context, watched } = at;
    watched.expect(REFUSED);
    await enter(context);
    const { id } = await newDraft(context);
    await page.goto(editing(id));
    const builder = builderOf(page);
    await builder.says('Saved');
    await endSession(context);
    await builder.label.fill('Typed while nobody was signed in');
    await again(page).waitFor();
    await builder.says('Signed out; kept on this device');
    await fillIn(page);
    await again(page).waitFor({ state: 'detached' });
    await builder.says('Saved');
    assert.equal(await builder.label.inputValue(), 'Typed while nobody was signed in');
    assert.equal((await savedNode(context, id)).label, 'Typed while nobody was signed in');
  },
);

journey('another tab that signs out saves what this one typed last, and asks here', async (at) => {
  const { page, context, open } = at;
  await enter(context);
  const { id } = await newDraft(context);
  await page.goto(editing(id));
  const builder = builderOf(page);
  await builder.says('Saved');
  const other = await open('/');
  await other.getByRole('button', { name: 'admin', expanded: false }).click();
  await other.getByRole('menuitem', { name: 'Sign out' }).click();
  await other.getByRole('heading', { name: 'Sign in' }).waitFor();
  await again(page).waitFor();
  await fillIn(other);
  await again(page).waitFor({ state: 'detached' });
  await builder.label.fill('After both signed in again');
  await builder.says('Saved');
  assert.equal((await savedNode(context, id)).label, 'After both signed in again');
});

journey(
  'a draft that is refused stays, also while one looks elsewhere, and can be taken away',
  async (at) => {
    const { page, context, watched } = at;
    watched.expect(REFUSED);
    await enter(context);
    const { id } = await newDraft(context);
    await page.goto(editing(id));
    const builder = builderOf(page);
    await builder.says('Saved');
    const refused = page.getByRole('alert').filter({ hasText: 'was refused' });
    for (const status of [413, 422]) {
      await page.route('**/draft', (route) =>
        route.request().method() === 'PATCH'
          ? route.fulfill({ status, contentType: 'application/problem+json', body: problem(status) })
          : route.fallback(),
      );
      await builder.label.fill(`Refused with ${status}`);
      await refused.getByText(problemOf(status)).waitFor();
      await assertAccessible(page, `a draft refused with ${status}`, '[role=alert]');
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        refused.getByRole('button', { name: 'Download' }).click(),
      ]);
      assert.match(download.suggestedFilename(), /^journey-draft-.*\.yaml$/);
      const taken = parse(await readFile(await download.path(), 'utf8'));
      assert.equal(taken.nodes[0].label, `Refused with ${status}`);
      await page.unroute('**/draft');
    }
    await page.getByRole('link', { name: 'Versions' }).click();
    await page.getByRole('heading', { name: 'Nothing published yet' }).waitFor();
    await page.getByRole('link', { name: 'Builder' }).click();
    await page.waitForURL(/tab=builder/);
    await builder.says('Saved');
    assert.equal((await savedNode(context, id)).label, 'Refused with 422');
  },
);

const problemOf = (status) => `No, because of ${status}.`;
const problem = (status) =>
  JSON.stringify({ type: 'about:blank', status, code: 'refused', title: 'No', detail: problemOf(status) });

journey(
  'what a page that is gone has left is offered, and done only when it is asked for',
  async ({ page, context, watched, open }) => {
    watched.expect(UNREACHABLE);
    await enter(context);
    const { id } = await newDraft(context);
    await page.goto(editing(id));
    const builder = builderOf(page);
    await builder.says('Saved');
    await proxy.stop(); // a page that goes sends what it can, past all that a browser could hold back
    await builder.label.fill('Kept on this device');
    await builder.says('Not connected; kept on this device');
    await page.getByRole('treeitem', { name: /Second/ }).press('F2'); // its dialog has to be loaded
    await proxy.start();
    await page.getByRole('dialog', { name: /Rename/ }).waitFor();
    assert.equal(await page.getByText('Fermata was updated').count(), 0);
    await page.keyboard.press('Escape');
    await builder.says('Saved');
    await proxy.stop();
    await page.getByRole('treeitem', { name: /Kept on this device/ }).click();
    await builder.label.fill('Kept at the end');
    await builder.says('Not connected; kept on this device');
    await page.close();
    await proxy.start();
    const next = await open(editing(id));
    const later = builderOf(next);
    const offer = next.getByRole('status').filter({ hasText: 'were found on this device' });
    await offer.waitFor();
    await assertAccessible(next, 'a builder that offers what was left', '[role=status]');
    assert.equal(await later.label.inputValue(), 'Kept on this device');
    assert.equal((await savedNode(context, id)).label, 'Kept on this device');
    await offer.getByRole('button', { name: 'Recover' }).click();
    await offer.waitFor({ state: 'detached' });
    await later.says('Saved');
    assert.equal(await later.label.inputValue(), 'Kept at the end');
    assert.equal((await savedNode(context, id)).label, 'Kept at the end');
    await next.reload();
    await later.says('Saved');
    assert.equal(await later.label.inputValue(), 'Kept at the end');
    assert.equal(await offer.count(), 0);
    await proxy.close();
  },
  { site: proxy.url },
);

journey('a new version leaves the page standing, keeps what was typed, and offers one reload', async (at) => {
  const { page, context, watched } = at;
  watched.expect(/Failed to load resource|OutdatedError/);
  await enter(context);
  const { id } = await newDraft(context);
  await page.goto(editing(id));
  const builder = builderOf(page);
  await builder.says('Saved');
  await page.route('**/static/webui/assets/Asked-*', (route) => route.fulfill({ status: 404 }));
  await builder.label.fill('Typed before the reload');
  await page.getByRole('treeitem', { name: /Second/ }).press('F2');
  const news = page.getByRole('status').filter({ hasText: 'Fermata was updated' });
  await page.getByText('Fermata was updated').first().waitFor();
  await assertAccessible(page, 'the news of a new version', '[role=region]');
  await builder.says('Saved');
  assert.equal((await savedNode(context, id)).label, 'Typed before the reload');
  await page.unroute('**/static/webui/assets/Asked-*');
  await Promise.all([
    page.waitForEvent('load'),
    page.getByRole('button', { name: 'Load the page anew' }).click(),
  ]);
  await builder.says('Saved');
  assert.equal(await news.count(), 0);
  await page.getByRole('treeitem', { name: /Second/ }).press('F2');
  await page.getByRole('dialog', { name: /Rename/ }).waitFor();
});
