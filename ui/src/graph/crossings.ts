/** How many pairs of edges between two layers cross, counted with a Fenwick tree. */

/**
 * `ends` are the right ends of the edges, sorted by their left end and then by themselves;
 * `size` is the number of places on the right. Two edges that share an end do not cross.
 */
export const countCrossings = (ends: readonly number[], size: number): number => {
  const tree = new Int32Array(size + 1);
  let crossings = 0;
  ends.forEach((end, before) => {
    let notBeyond = 0;
    for (let at = end + 1; at > 0; at -= at & -at) notBeyond += tree[at] as number;
    crossings += before - notBeyond;
    for (let at = end + 1; at <= size; at += at & -at) tree[at] = (tree[at] as number) + 1;
  });
  return crossings;
};
