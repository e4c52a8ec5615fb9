/** Stands in for the interface in tests. To be imported first: the client keeps the `fetch` it finds. */
export interface Sent {
  method: string;
  path: string;
  query: Record<string, string>;
  body: string;
  headers: Record<string, string>;
}

type Answer = { status?: number; body: unknown };

const sent: Sent[] = [];
const answers = new Map<string, (sent: Sent) => Answer>();

globalThis.fetch = (async (input: Request) => {
  const { pathname, searchParams } = new URL(input.url, 'http://here');
  const one: Sent = {
    method: input.method,
    path: pathname.replace('/api/v1', ''),
    query: Object.fromEntries(searchParams),
    body: input.method === 'GET' ? '' : await input.text(),
    headers: Object.fromEntries([...input.headers].map(([name, value]) => [name.toLowerCase(), value])),
  };
  sent.push(one);
  const { status = 200, body } = answers.get(`${one.method} ${one.path}`)?.(one) ?? {
    status: 404,
    body: { code: 'not_found', detail: 'There is no such thing.', status: 404 },
  };
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
}) as typeof fetch;

/** A socket that a test speaks for. */
export class Socket {
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  closed = false;

  constructor(readonly url: string) {
    server.sockets.push(this);
  }

  /** The server says something. */
  says(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** The server or the way to it closes. */
  breaks(code = 1006): void {
    this.onclose?.({ code });
  }

  close(): void {
    this.closed = true;
  }
}

globalThis.WebSocket = Socket as never;

export const server = {
  sent,
  sockets: [] as Socket[],
  /** Answer requests such as `GET /workflows`. */
  on(request: string, answer: (sent: Sent) => Answer): void {
    answers.set(request, answer);
  },
  /** Answer with one page of these. */
  lists(request: string, results: object[]): void {
    answers.set(request, () => ({ body: { results, next: null } }));
  },
  /** What was asked of one address, oldest first. */
  asked(request: string): Sent[] {
    return sent.filter(({ method, path }) => `${method} ${path}` === request);
  },
  forget(): void {
    sent.length = 0;
    server.sockets.length = 0;
    answers.clear();
  },
};
