/** What must never happen on a page: console errors, exceptions, violations of the policy. */
import assert from 'node:assert/strict';

/** Watches every page of a context. `expect(pattern)` names an error that belongs to the journey. */
export async function watch(context) {
  const seen = [];
  const expected = [];
  await context.exposeBinding('__violated', (_source, what) => seen.push(`policy: ${what}`));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      window.__violated(`${event.effectiveDirective} ${event.blockedURI} at ${event.sourceFile ?? '?'}`);
    });
  });
  context.on('console', (message) => {
    if (message.type() === 'error') seen.push(`console: ${message.text()} (${message.location().url})`);
  });
  const refused = [];
  context.on('response', (answer) => {
    if (answer.status() >= 400)
      refused.push(`${answer.status()} ${answer.request().method()} ${answer.url()}`);
  });
  context.on('weberror', (failure) => seen.push(`exception: ${failure.error().stack}`));
  return {
    expect: (pattern) => expected.push(pattern),
    /** Everything that was out of the ordinary, for whoever looks into a failure. */
    told: () => [...seen, ...refused],
    verify() {
      const left = seen.filter((one) => !expected.some((pattern) => pattern.test(one)));
      assert.deepEqual(left, [], 'errors on the page');
    },
  };
}
