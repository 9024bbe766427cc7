/** The data of a login about its client; the same for every subject. */
export interface Payload {
  readonly accountId: string;
  readonly ip: string;
  readonly userAgent: string;
}

/**
 * Every string is a separate flat copy, as if just parsed from a socket: shared strings would lower the heap figures.
 */
export function payloadOf(n: number): Payload {
  return {
    accountId: flat(`account-${n.toString().padStart(8, '0')}`),
    ip: flat(`10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`),
    userAgent: flat(
      `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${120 + (n % 40)}.0.0.0 Safari/537.36`,
    ),
  };
}

/**
 * A message whose JSON is 200 bytes. All pushes share it, because creating it is a cost of the caller, not the subject.
 */
export const MESSAGE = { text: 'x'.repeat(200 - JSON.stringify({ text: '' }).length) };

function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
