/** The fermata: an arc over a dot. Decoration; the name stands beside it. */
export function Mark({ size = 20 }: { size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} fill="currentColor" aria-hidden>
      <path d="M4 23a12 12 0 0 1 24 0h-3.2a8.8 8.8 0 0 0-17.6 0z" />
      <circle cx="16" cy="22" r="2.8" />
    </svg>
  );
}
