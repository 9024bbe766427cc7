export interface Visit {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A client that stores the session cookie and, like a browser, declares each request as one of its own page. */
export class Browser {
  readonly origin: string;
  cookie: string | undefined;

  constructor(port: number, cookie?: string) {
    this.origin = `http://127.0.0.1:${port}`;
    this.cookie = cookie;
  }

  async request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers({ 'sec-fetch-site': 'same-origin', ...Object.fromEntries(new Headers(init.headers)) });
    if (this.cookie !== undefined) headers.set('cookie', this.cookie);
    const response = await fetch(`${this.origin}/${path}`, { ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      if (pair.startsWith('connect.sid=')) this.cookie = pair;
    }
    return response;
  }

  /** Requests the path. Resolves with the answer, whatever its status. */
  async visit(path: string): Promise<Visit> {
    const { status, headers, text } = await this.request(path).then(async (response) => ({
      status: response.status,
      headers: response.headers,
      text: await response.text(),
    }));
    return { status, headers, body: text === '' ? undefined : JSON.parse(text) };
  }

  /** Requests the path. Resolves with the parsed answer; rejects unless the status is 2xx. */
  async get(path: string): Promise<unknown> {
    const response = await this.request(path);
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return JSON.parse(text);
  }
}
