/** A timed budget of the screen: the median of its rounds, beside a calibration; beyond twice the budget it fails. */
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { ALONE, serveAlone } from '../support/alone.mjs';
import { journey } from '../support/journey.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
/** What the calibration took where the budgets were set; a slower machine gets as much more time. */
const CALIBRATION_MS = 210;
const found = [];

const sorted = (values) => values.toSorted((one, other) => one - other);
export const quantile = (values, part) =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * part))];

/** A fixed piece of work on the page's own thread. */
const calibrate = (page) =>
  page.evaluate(() => {
    const began = performance.now();
    let sum = 0;
    for (let at = 0; at < 40_000_000; at += 1) sum = (sum * 31 + at) | 0;
    return performance.now() - began + (sum === 42 ? 1 : 0);
  });

/** Tells when a large answer was read and when something was first there. */
function watchPaint() {
  const read = JSON.parse;
  window.__read = null;
  JSON.parse = (text, ...more) => {
    if (text.length > 50_000) window.__read ??= performance.now();
    return read(text, ...more);
  };
  window.__painted = (selector) =>
    new Promise((resolve) => {
      const look = () =>
        document.querySelector(selector)
          ? requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))
          : requestAnimationFrame(look);
      look();
    });
}

export function budget(name, limit, unit, { answers = {}, sockets, measure }) {
  journey(
    name,
    async ({ page, context }) => {
      await serveAlone(context, answers, sockets);
      await context.addInitScript(watchPaint);
      const cdp = await context.newCDPSession(page);
      await cdp.send('Performance.enable');
      const rounds = [];
      const speeds = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        rounds.push(await measure(page, cdp));
        speeds.push(await calibrate(page));
      }
      const value = quantile(rounds, 0.5);
      const slower = Math.max(1, quantile(speeds, 0.5) / CALIBRATION_MS);
      found.push({ name, value, limit, unit, slower });
      assert.ok(
        value <= 2 * limit * slower,
        `${name}: ${value.toFixed(2)} ${unit}, budget ${limit}, machine ×${slower.toFixed(2)}; all: ${rounds}`,
      );
    },
    { site: ALONE, timeout: 180_000 },
  );
}

after(() => {
  for (const { name, value, limit, unit, slower } of found) {
    const mark = value <= limit ? ' ' : '!';
    console.log(
      `${mark} ${name.padEnd(64)} ${value.toFixed(2).padStart(9)} of ${limit} ${unit}, machine ×${slower.toFixed(2)}`,
    );
  }
});
