/** Who is signed in: first from the page itself, later from the interface. */
import { create } from 'zustand';
import { answered, client, onSignedOut, type Schemas } from './client';

export type Me = Schemas['Me'];

interface Session {
  me: Me | null;
  /** The session ended while the page was in use: sign in over it, nothing is lost. */
  ended: boolean;
}

/** What Django wrote into the page: `<script type="application/json" id="me">`. */
function embedded(): Me | null {
  const text = document.getElementById('me')?.textContent;
  return text ? (JSON.parse(text) as Me | null) : null;
}

export const useSession = create<Session>(() => ({ me: embedded(), ended: false }));

const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('fermata:session');
if (channel) {
  channel.onmessage = (event: MessageEvent<'in' | 'out'>) => {
    if (event.data === 'out') useSession.setState({ ended: useSession.getState().me !== null });
    else void refresh();
  };
}

onSignedOut(() => {
  if (useSession.getState().me !== null) useSession.setState({ ended: true });
});

/** Ask anew who is signed in. What the page shows of one person is not for another: then it is loaded anew. */
export async function refresh(): Promise<void> {
  const before = useSession.getState().me;
  const me = await answered(client.GET('/api/v1/me'));
  useSession.setState({ me, ended: false });
  if (before && before.user.id !== me.user.id) location.reload();
}

/** Sign in; throws ApiError with the reason. Other tabs hear of it. */
export async function signIn(username: string, password: string): Promise<void> {
  await answered(client.POST('/api/v1/session', { body: { username, password } }));
  await refresh();
  channel?.postMessage('in');
}

/** Sign out here and in the other tabs. */
export async function signOut(): Promise<void> {
  await answered(client.DELETE('/api/v1/session'));
  useSession.setState({ me: null, ended: false });
  channel?.postMessage('out');
}
