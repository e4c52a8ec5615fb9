/** The interface beside the screen: what a journey needs to be there, and what must agree with what was shown. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';

const ROOT = new URL('../../../', import.meta.url);

/** Requests in the session of a context that is signed in. */
export function interfaceOf(context) {
  const asked = async (method, path, data) => {
    const cookies = await context.cookies();
    const token = cookies.find(({ name }) => name === 'csrftoken')?.value ?? '';
    const answer = await context.request.fetch(`/api/v1${path}`, {
      method,
      headers: { 'X-CSRFToken': token },
      ...(data === undefined ? {} : { data }),
    });
    assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
    return answer.json();
  };
  const get = (path) => asked('GET', path);
  const post = (path, data) => asked('POST', path, data);
  const publish = async (definition) => {
    const name = encodeURIComponent(definition.name);
    const { results } = await get(`/workflows?name=${name}`);
    const known = results.find((one) => one.name === definition.name);
    if (known?.latest_version) return known;
    const made = known ?? (await post('/workflows', { name: definition.name, definition }));
    await post(`/workflows/${made.id}/publish`, {});
    return made;
  };
  return {
    get,
    post,
    /** Publish a definition unless a workflow of this name is published. */
    publish,
    /** Publish it and start an execution. */
    async start(definition, input = {}) {
      const { id } = await publish(definition);
      return post(`/workflows/${id}/executions`, { input });
    },
    /** The whole journal after a cursor. */
    async journal(id, after) {
      const all = [];
      for (;;) {
        const { events } = await get(
          `/workflows/executions/${id}/events?after=${all.at(-1)?.cursor ?? after}&limit=1000`,
        );
        all.push(...events);
        if (events.length < 1000) return all;
      }
    },
  };
}

/** A document of docs/examples. */
export async function example(path) {
  return parse(await readFile(new URL(`docs/examples/${path}.yaml`, ROOT), 'utf8'));
}
