/** Looking into a JSON value: how a place in it is written, and where words stand in it. */

const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The place of a member, as expressions write it. */
export function placeIn(root: string, key: string | number): string {
  if (typeof key === 'number') return `${root}[${key}]`;
  if (!PLAIN.test(key)) return `${root}[${JSON.stringify(key)}]`;
  return root === '' ? key : `${root}.${key}`;
}

export type Holds = (value: unknown, name?: string) => boolean;

/** Whether a text says the words; capitals do not matter. */
export function saying(words: string): (text: string) => boolean {
  const wanted = words.toLowerCase();
  return (text) => text.toLowerCase().includes(wanted);
}

/** Whether words stand in a value, in a name within it, or in its own name. */
export function holding(words: string): Holds {
  const says = saying(words);
  const known = new WeakMap<object, boolean>();
  const within = (value: object): boolean => {
    const before = known.get(value);
    if (before !== undefined) return before;
    const names = !Array.isArray(value);
    const found = Object.entries(value).some(([name, inner]) => holds(inner, names ? name : undefined));
    known.set(value, found);
    return found;
  };
  const holds: Holds = (value, name) =>
    (name !== undefined && says(name)) ||
    (typeof value === 'object' && value !== null ? within(value) : says(String(value)));
  return holds;
}
