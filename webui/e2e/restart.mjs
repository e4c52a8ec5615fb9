/** The web process is killed while an execution is watched: what was applied is the journal, event for event. */
import assert from 'node:assert/strict';
import { interfaceOf } from './support/interface.mjs';
import { journey, enter } from './support/journey.mjs';
import { recordApplied } from './support/applied.mjs';
import { killWeb } from './support/web.mjs';

const LONG = {
  schema: 'fermata/1',
  name: 'journey-long',
  nodes: [
    { id: 'each', type: 'foreach', config: { items: '{{ range(0, 120) }}', concurrency: 2 } },
    { id: 'one', type: 'wait', parent: 'each', config: { for: '250ms' } },
  ],
  edges: [],
};

journey(
  'a killed web process comes back, and the page has missed and doubled nothing',
  async ({ page, context, watched }) => {
    watched.expect(/ERR_|WebSocket|Failed to load resource/);
    const applied = await recordApplied(page);
    await enter(context);
    const site = interfaceOf(context);
    const { id } = await site.start(LONG);
    await page.goto(`/executions/${id}`);
    const badge = page.getByRole('navigation', { name: 'Main' });
    await badge.getByText('Live').waitFor();
    await applied.grow();
    await killWeb();
    await badge.getByText(/Reconnecting/).waitFor();
    await badge.getByText('Live').waitFor({ timeout: 60_000 });
    const { status } = await site.get(`/workflows/executions/${id}`);
    assert.ok(['running', 'waiting'].includes(status), 'it went on while nobody could see it');
    await page.locator('h1 ~ *').getByText('succeeded', { exact: true }).waitFor({ timeout: 60_000 });
    await applied.assertJournal(site, id, { least: 200 });
  },
  { timeout: 150_000 },
);
