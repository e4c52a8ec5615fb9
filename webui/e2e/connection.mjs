/** The connection is cut, goes silent and comes back: what was applied is the journal, event for event. */
import assert from 'node:assert/strict';
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
    await page.addInitScript(() => {
      window.applied = [];
      window.begun = null;
      window.addEventListener('fermata:applied', ({ detail }) => {
        window.begun ??= detail.after;
        window.applied.push(...detail.events.map(({ cursor }) => cursor));
      });
    });
    await signIn(page);
    const site = interfaceOf(context);
    const { id } = await site.start(SLOW);
    await page.goto(`/executions/${id}`);
    const badge = page.getByRole('navigation', { name: 'Main' });
    const grows = async () => {
      const before = await page.evaluate(() => window.applied.length);
      await page.waitForFunction((count) => window.applied.length > count, before);
    };
    await badge.getByText('Live').waitFor();
    for (let cut = 0; cut < CUTS; cut += 1) {
      await grows();
      proxy.cut();
    }
    await grows();
    proxy.goSilent();
    await page.clock.fastForward(BLACK_HOLE_MS);
    await badge.getByText(/Reconnecting/).waitFor();
    proxy.recover();
    await page.evaluate(() => window.dispatchEvent(new window.Event('online')));
    await grows();
    await proxy.stop();
    await badge.getByText(/Reconnecting/).waitFor();
    await proxy.start();
    await page.locator('h1 ~ *').getByText('succeeded', { exact: true }).waitFor({ timeout: 60_000 });
    const { applied, begun } = await page.evaluate(() => ({ applied: window.applied, begun: window.begun }));
    const journal = (await site.journal(id, begun)).map(({ cursor }) => cursor);
    await page.waitForFunction((count) => window.applied.length >= count, journal.length);
    assert.deepEqual(await page.evaluate(() => window.applied), journal);
    assert.ok(applied.length > 100, `${applied.length} events came live`);
    await proxy.close();
  },
  { site: proxy.url },
);
