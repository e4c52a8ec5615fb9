import { STATUSES } from '../theme/status';
import { StatusBadge } from '../ui/StatusBadge';

/** Every component once, for screenshots and accessibility checks; not in production builds. */
export function GalleryPage() {
  return (
    <section>
      <h1>Gallery</h1>
      <p>
        {STATUSES.map((status) => (
          <StatusBadge key={status} status={status} />
        ))}
      </p>
    </section>
  );
}
