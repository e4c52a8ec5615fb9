/** The connection is cut, goes silent and comes back: what was applied is the journal, event for event. */
import { recordApplied } from './support/applied.mjs';
import { interfaceOf } from './support/interface.mjs';
import { journey, signIn, URL_OF_SITE } from './support/journey.mjs';
import { proxyTo } from './support/proxy.mjs';

const proxy = await proxyTo(URL_OF_SITE);

const SLOW = {
  schema: 'fermata/1',
  name: 'journey-slow',
  nodes: [
    { id: 'each', type: 'foreach', config: { items: '{{ range(0, 100) }}', concurrency: 2 } },
    { id: 'one', type: 'wait', parent: 'each', config: { for: '250ms' } },
  ],
  edges: [],
};
const CUTS = 5;
/** Beyond what the client waits for a word from the server, and for the handshake after it. */
const BLACK_HOLE_MS = 30_000;

journey(
  'five cuts, a black hole and a server that is away lose nothing and double nothing',
  async ({ page, context, watched }) => {
    watched.expect(/ERR_|WebSocket|Failed to load resource/);
    await page.clock.install(); // goes on as time does; only the black hole is shortened
    const applied = await recordApplied(page);
    await signIn(page);
    const site = interfaceOf(context);
    const { id } = await site.start(SLOW);
    await page.goto(`/executions/${id}`);
    const badge = page.getByRole('navigation', { name: 'Main' });
    await badge.getByText('Live').waitFor();
    for (let cut = 0; cut < CUTS; cut += 1) {
      await applied.grow();
      proxy.cut();
    }
    await applied.grow();
    proxy.goSilent();
    await page.clock.fastForward(BLACK_HOLE_MS);
    await badge.getByText(/Reconnecting/).waitFor();
    proxy.recover();
    await page.evaluate(() => window.dispatchEvent(new window.Event('online')));
    await applied.grow();
    await proxy.stop();
    await badge.getByText(/Reconnecting/).waitFor();
    await proxy.start();
    await page.locator('h1 ~ *').getByText('succeeded', { exact: true }).waitFor({ timeout: 60_000 });
    await applied.assertJournal(site, id, { least: 100 });
    await proxy.close();
  },
  { site: proxy.url },
);
