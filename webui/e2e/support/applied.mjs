/** Which events of a journal a page has applied, and whether they are all, each once and in order. */
import assert from 'node:assert/strict';

export async function recordApplied(page) {
  await page.addInitScript(() => {
    window.applied = [];
    window.begun = null;
    window.addEventListener('fermata:applied', ({ detail }) => {
      window.begun ??= detail.after;
      window.applied.push(...detail.events.map(({ cursor }) => cursor));
    });
  });
  return {
    /** Wait for one more. */
    async grow() {
      const before = await page.evaluate(() => window.applied.length);
      await page.waitForFunction((count) => window.applied.length > count, before);
    },
    /** All since its first batch, as `GET …/events` has them; `least` so many of them live. */
    async assertJournal(site, id, { least }) {
      const begun = await page.evaluate(() => window.begun);
      const journal = (await site.journal(id, begun)).map(({ cursor }) => cursor);
      await page.waitForFunction((count) => window.applied.length >= count, journal.length);
      assert.deepEqual(await page.evaluate(() => window.applied), journal);
      assert.ok(journal.length > least, `${journal.length} events came live`);
    },
  };
}
