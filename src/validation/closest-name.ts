/** Returns the most similar name, if it differs by at most a third of its letters, or by at most two if it is short. */
export function closestTo(name: string, names: readonly string[]): string | undefined {
  let closest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const each of names) {
    const distance = editDistance(name.toLowerCase(), each.toLowerCase());
    if (distance < least && distance <= Math.max(2, Math.floor(each.length / 3))) {
      closest = each;
      least = distance;
    }
  }
  return closest;
}

/**
 * Minimum number of letters to insert, delete or change (Levenshtein, 1965), by the row method of Wagner and Fischer.
 */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
