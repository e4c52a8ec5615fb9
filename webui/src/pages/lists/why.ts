/** Why the interface would refuse an action; undefined when it would not. */
export function whyNot(can: Record<string, unknown>, action: string): string | undefined {
  const told = can[action];
  return typeof told === 'string' ? told : undefined;
}
