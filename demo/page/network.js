// The network of one device. Its client uses this `fetch` and `WebSocket`, so that the page can cut this device off alone.

const lost = () => new TypeError('The network of this device is cut');

export class Network {
  isCut = false;
  #cutting = new AbortController();
  #sockets = new Set();

  cut() {
    this.isCut = true;
    this.#cutting.abort(lost());
    for (const socket of this.#sockets) {
      // Report the close immediately: a client whose network is cut can't wait for a closing handshake.
      socket.onclose?.();
      socket.close();
    }
    this.#sockets.clear();
  }

  mend() {
    this.isCut = false;
    this.#cutting = new AbortController();
  }

  /** Like the global `fetch`. */
  fetch = (input, init = {}) => {
    if (this.isCut) return Promise.reject(lost());
    const signals = [this.#cutting.signal, ...(init.signal ? [init.signal] : [])];
    return fetch(input, { ...init, signal: AbortSignal.any(signals) });
  };

  /** Like the global `WebSocket`. A page can't set a header on a WebSocket, so the token is sent as one of its protocols. */
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
