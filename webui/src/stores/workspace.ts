/** Which workspace the lists show: named by the address, else the last one chosen here, else the person's first. */
import { create } from 'zustand';
import { useSession, type Me } from '../api/session';

export type Workspace = Me['workspaces'][number];

const KEPT = 'fermata:workspace';

interface Chosen {
  slug: string | null;
}

const useChosen = create<Chosen>(() => ({ slug: localStorage.getItem(KEPT) }));

/** Remember a choice: of the person, or of an address that was opened. */
export function chooseWorkspace(slug: string): void {
  if (useChosen.getState().slug === slug) return;
  localStorage.setItem(KEPT, slug);
  useChosen.setState({ slug });
}

/** The one that counts now; null for somebody who is in none. */
export function useWorkspace(): Workspace | null {
  const slug = useChosen((state) => state.slug);
  const mine = useSession((state) => state.me?.workspaces);
  return mine?.find((one) => one.slug === slug) ?? mine?.[0] ?? null;
}

const RANKS = ['viewer', 'operator', 'editor', 'admin', 'owner'];

/** Whether a role reaches another; for what belongs to no object yet and so carries no `can`. */
export function reaches(workspace: Workspace | null, least: 'operator' | 'editor'): boolean {
  return workspace !== null && RANKS.indexOf(workspace.role) >= RANKS.indexOf(least);
}
