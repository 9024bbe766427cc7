// The network of one device: what its client sends with, so that it can be cut for this device alone.

const lost = () => new TypeError('The network of this device is cut');

export class Network {
  isCut = false;
  #cutting = new AbortController();
  #sockets = new Set();

  cut() {
    this.isCut = true;
    this.#cutting.abort(lost());
    for (const socket of this.#sockets) {
      // A network that is gone takes part in no closing handshake, so the client must not wait for one.
      socket.onclose?.();
      socket.close();
    }
    this.#sockets.clear();
  }

  mend() {
    this.isCut = false;
    this.#cutting = new AbortController();
  }

  /** As `fetch`. */
  fetch = (input, init = {}) => {
    if (this.isCut) return Promise.reject(lost());
    const signals = [this.#cutting.signal, ...(init.signal ? [init.signal] : [])];
    return fetch(input, { ...init, signal: AbortSignal.any(signals) });
  };

  /** As `WebSocket`. A browser sends no header with it, so the token goes as one of its protocols. */
  get WebSocket() {
    const network = this;
    return class extends WebSocket {
      constructor(url, { headers }) {
        if (network.isCut) throw lost();
        super(url, ['mailbox', headers.authorization.replace('Bearer ', 'token.')]);
        network.#sockets.add(this);
        this.addEventListener('close', () => network.#sockets.delete(this));
      }
    };
  }
}
