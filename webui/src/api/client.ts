/** The one door to the REST interface: typed by its OpenAPI document, errors as problem documents. */
import createClient from 'openapi-fetch';
import type { components, paths } from './schema';

export type Problem = components['schemas']['Problem'];
export type Schemas = components['schemas'];

/** What the interface refused, or what kept it from answering (status 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly problem: Problem | null;
  /** Under which the platform's log tells of it. */
  readonly requestId: string | null;

  constructor(status: number, problem: Problem | null, fallback: string, requestId: string | null = null) {
    super(problem ? [problem.detail, problem.cure].filter(Boolean).join(' ') : fallback);
    this.name = 'ApiError';
    this.status = status;
    this.code = problem?.code ?? (status === 0 ? 'unreachable' : 'unknown');
    this.problem = problem;
    this.requestId = requestId;
  }
}

type Listener = () => void;
const signedOut = new Set<Listener>();

/** Called whenever an answer says that nobody is signed in. Returns how to stop. */
export function onSignedOut(listener: Listener): Listener {
  signedOut.add(listener);
  return () => signedOut.delete(listener);
}

function cookie(name: string): string {
  const found = document.cookie.split('; ').find((part) => part.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : '';
}

export const client = createClient<paths>({ baseUrl: '', credentials: 'same-origin' });
client.use({
  onRequest({ request }) {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      request.headers.set('X-CSRFToken', cookie('csrftoken'));
    }
    return request;
  },
  onResponse({ response, request }) {
    if (response.status === 401 && !request.url.endsWith('/api/v1/session')) {
      for (const listener of signedOut) listener();
    }
    return undefined;
  },
});

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'detail' in body;
}

/** The data of an answer; throws ApiError for a refusal or when nothing answered. */
export async function answered<Data>(asking: Promise<Answer<Data>>): Promise<Data> {
  let answer: Answer<Data>;
  try {
    answer = await asking;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, null, cause instanceof Error ? cause.message : String(cause));
  }
  if (!answer.response.ok) {
    const problem = isProblem(answer.error) ? answer.error : null;
    const { status, statusText, headers } = answer.response;
    throw new ApiError(status, problem, statusText, headers.get('X-Request-ID'));
  }
  return answer.data as Data;
}
