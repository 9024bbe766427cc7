export function portal(): Response {
  return new Response('<h1>Welcome to our hotel</h1>', { headers: { 'content-type': 'text/html' } });
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): Response {
  const type = { 'content-type': 'application/problem+json' };
  return new Response(JSON.stringify({ status, code, detail: 'A sentence.' }), {
    status,
    headers: { ...type, ...headers },
  });
}
