/** A TCP proxy before the site that can be cut, go silent, or be down for a while. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Starts one before `site`; `url` is where the browser goes. */
export async function proxyTo(site) {
  const { hostname, port } = new URL(site);
  const pairs = new Set();
  let silent = false;
  const server = createServer((client) => {
    if (silent) return void held.add(client.on('error', () => undefined));
    const behind = connect({ host: hostname, port: Number(port) });
    const pair = [client, behind];
    pairs.add(pair);
    for (const [one, other] of [pair, pair.toReversed()]) {
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => (other.destroy(), pairs.delete(pair)));
    }
  });
  const held = new Set();
  const listen = async (at) => {
    server.listen(at, 'localhost');
    await once(server, 'listening');
    server.unref(); // a journey that failed must not wait for it
    return server.address().port;
  };
  const own = await listen(0);
  const cut = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
    for (const socket of held) socket.destroy();
    held.clear();
  };
  return {
    url: `http://localhost:${own}`,
    /** Every connection ends hard, at once; new ones are taken. */
    cut,
    /** Nothing ends and nothing passes any more: only a heartbeat that stays away tells. */
    goSilent() {
      silent = true;
      for (const pair of pairs) for (const socket of pair) socket.unpipe().pause();
    },
    /** What was silent ends; new connections pass. */
    recover() {
      silent = false;
      cut();
    },
    /** As a server that is stopped: refuses connections until `start`. */
    async stop() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
    start: () => listen(own),
    async close() {
      if (server.listening) await this.stop();
    },
    get open() {
      return pairs.size;
    },
  };
}
