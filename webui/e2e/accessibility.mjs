/** Every route and every overlay of the frame, judged by axe in both themes. */
import { assertAccessible } from './support/axe.mjs';
import { journey, signIn } from './support/journey.mjs';
import { ROUTES } from './support/routes.mjs';

for (const { path, shown } of ROUTES) {
  journey(`${path} has no barrier`, async ({ page }) => {
    await signIn(page, path);
    await shown(page).waitFor();
    await assertAccessible(page, path);
  });
}

journey('the overlays of the frame have none, and Escape closes each', async ({ page }) => {
  await signIn(page);
  for (const [open, shown] of [
    [() => page.keyboard.press('Control+k'), page.getByRole('combobox')],
    [() => page.keyboard.press('?'), page.getByRole('dialog', { name: 'Keyboard shortcuts' })],
    [() => page.getByRole('button', { name: 'admin' }).click(), page.getByRole('menu', { name: 'Account' })],
  ]) {
    await open();
    await shown.waitFor();
    await assertAccessible(page, 'an overlay');
    await page.keyboard.press('Escape');
    await shown.waitFor({ state: 'detached' });
  }
});
