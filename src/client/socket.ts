/** A `WebSocket`, as far as the client uses it. */
export interface Socket {
  onmessage: ((event: { readonly data: string }) => void) | null;
  onclose: (() => void) | null;
  onerror: (() => void) | null;
  send(text: string): void;
  close(): void;
}

export type SocketMaker = new (url: string, ...options: object[]) => Socket;
