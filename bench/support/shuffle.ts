const SEED = 0x9e3779b9;

/** The numbers below `size` in an order that looks random, and is the same in every process and for every subject. */
export function shuffledIndex(size: number, seed: number = SEED): Uint32Array {
  const index = Uint32Array.from({ length: size }, (_, i) => i);
  const random = xorshift(seed);
  for (let i = size - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const swapped = index[i] ?? 0;
    index[i] = index[j] ?? 0;
    index[j] = swapped;
  }
  return index;
}

function xorshift(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
}
