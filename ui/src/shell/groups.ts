/** The palette's headings: each stands once, where the first of its options was. */
export const byGroup = <T extends { group: string }>(options: readonly T[]): T[] => {
  const places = new Map<string, number>();
  for (const { group } of options) if (!places.has(group)) places.set(group, places.size);
  return [...options].sort((a, b) => (places.get(a.group) ?? 0) - (places.get(b.group) ?? 0));
};
