/** Signing in, out, and in again. */
import assert from 'node:assert/strict';
import { assertAccessible } from './support/axe.mjs';
import { fillIn, journey, signIn } from './support/journey.mjs';

const REFUSED = /console: Failed to load resource: .*401/;

journey('a wrong password says why, the right one opens the page that was asked for', async (at) => {
  const { page, watched } = at;
  watched.expect(REFUSED);
  await page.goto('/?from=a-link');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await assertAccessible(page, 'the page to sign in');
  await fillIn(page, { password: 'not-it' });
  const password = page.getByLabel('Password');
  await page.getByText('The name or the password is wrong.').waitFor();
  assert.equal(await password.getAttribute('aria-invalid'), 'true');
  assert.equal(await password.inputValue(), '');
  await fillIn(page);
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get('from'), 'a-link');
});

journey('signing out in one tab asks in the other, and signing in there frees both', async (at) => {
  const { page, open } = at;
  await signIn(page);
  const other = await open('/');
  await other.getByRole('navigation', { name: 'Main' }).waitFor();
  await page.getByRole('button', { name: 'admin' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  const dialog = other.getByRole('dialog', { name: 'Your session has ended' });
  await dialog.waitFor();
  await assertAccessible(other, 'signing in over the page');
  await fillIn(other);
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
});

journey('a session that ends while the page is open is begun anew over the page', async (at) => {
  const { page, context, watched } = at;
  watched.expect(REFUSED);
  await signIn(page);
  const cookies = await context.cookies();
  const token = cookies.find(({ name }) => name === 'csrftoken')?.value;
  const ended = await context.request.delete('/api/v1/session', { headers: { 'X-CSRFToken': token } });
  assert.ok(ended.ok(), await ended.text());
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('licence');
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await dialog.waitFor();
  await fillIn(page);
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await page.getByRole('combobox').inputValue(), 'licence', 'what was typed is still there');
});
