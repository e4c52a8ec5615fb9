/** Every component in every state, judged in both themes; every overlay is opened once under the policy. */
import { assertAccessible } from './support/axe.mjs';
import { ALONE, serveAlone } from './support/alone.mjs';
import { journey } from './support/journey.mjs';

const button = (page, name) => page.getByRole('button', { name, exact: true });

journey(
  'the gallery shows all components without a barrier, and each overlay opens and closes',
  async ({ page, context }) => {
    await serveAlone(context);
    await page.goto('/__gallery');
    await page.getByRole('heading', { level: 1, name: 'Gallery' }).waitFor();
    await assertAccessible(page, 'the gallery');
    await button(page, 'Off, and why').focus();
    await page.getByRole('tooltip').waitFor();
    for (const [name, shown] of [
      ['Menu', page.getByRole('menu')],
      ['Dialog', page.getByRole('dialog')],
    ]) {
      await button(page, name).click();
      await shown.waitFor();
      await assertAccessible(page, name);
      await page.keyboard.press('Escape');
      await shown.waitFor({ state: 'detached' });
    }
    await button(page, 'News').click();
    await button(page, 'Bad news').click();
    await page.getByText('Somebody was faster.').first().waitFor();
    await assertAccessible(page, 'news');
  },
  { site: ALONE },
);
