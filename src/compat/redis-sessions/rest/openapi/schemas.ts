/** The JSON schemas of bodies and answers. */
export const schemas = {
  Token: {
    type: 'object',
    required: ['token'],
    properties: { token: { type: 'string', pattern: '^[A-Za-z0-9]{64}$' } },
  },
  Data: {
    type: 'object',
    description: 'Values by key. On `set`, keys are merged, and `null` deletes one.',
    additionalProperties: { type: ['string', 'number', 'boolean', 'null'] },
  },
  Session: {
    type: 'object',
    required: ['id', 'r', 'w', 'ttl', 'idle', 'ip'],
    properties: {
      id: { type: 'string' },
      r: { type: 'integer', description: 'Number of reads before this one.' },
      w: { type: 'integer', description: 'Number of writes, including this one.' },
      ttl: {
        type: 'integer',
        description: 'Idle seconds until it expires; with `no_resave`, seconds until it expires.',
      },
      idle: { type: 'integer', description: 'Seconds since the last activity.' },
      ip: { type: 'string' },
      d: { $ref: '#/components/schemas/Data' },
      no_resave: { type: 'boolean', const: true },
    },
  },
  ListedSession: {
    allOf: [
      { $ref: '#/components/schemas/Session' },
      {
        type: 'object',
        required: ['handle'],
        properties: { handle: { type: 'string', description: 'Names the session. Grants no access.' } },
      },
    ],
  },
  Missing: { type: 'object', description: 'No such session.', maxProperties: 0 },
  Sessions: {
    type: 'object',
    required: ['sessions'],
    properties: { sessions: { type: 'array', items: { $ref: '#/components/schemas/ListedSession' } } },
  },
  Kill: { type: 'object', required: ['kill'], properties: { kill: { type: 'integer', minimum: 0 } } },
  Activity: { type: 'object', required: ['activity'], properties: { activity: { type: 'integer', minimum: 0 } } },
  Message: {
    type: 'object',
    required: ['data'],
    additionalProperties: false,
    properties: {
      data: { description: 'Any JSON.' },
      key: { type: 'string', description: 'Replaces an undelivered message with the same key.' },
    },
  },
  PushReport: {
    type: 'object',
    required: ['accepted', 'dropped', 'refused'],
    properties: {
      accepted: { type: 'integer', description: 'Mailboxes that hold the message.' },
      dropped: { type: 'integer', description: 'Full mailboxes that dropped it.' },
      refused: { type: 'integer', description: 'Full mailboxes that refused it.' },
    },
  },
  Batch: {
    type: 'object',
    required: ['messages', 'cursor', 'lost'],
    properties: {
      messages: {
        type: 'array',
        items: {
          type: 'object',
          required: ['offset', 'at', 'data'],
          properties: { offset: { type: 'integer' }, at: { type: 'integer' }, data: {} },
        },
      },
      cursor: { type: 'string', description: 'Send it as `after` of the next poll.' },
      lost: { type: 'integer', description: 'Messages that the bounds of the mailbox dropped.' },
      reset: { type: 'boolean', const: true },
      superseded: { type: 'boolean', const: true },
      retry: { type: 'integer', description: 'Milliseconds to wait before the next poll.' },
      closed: {
        type: 'object',
        required: ['code', 'reason', 'reconnect'],
        properties: {
          code: { type: 'string' },
          reason: { type: 'string' },
          reconnect: { type: 'boolean' },
        },
      },
    },
  },
  Health: { type: 'object', required: ['status'], properties: { status: { const: 'ok' } } },
  Fault: {
    type: 'object',
    required: ['name', 'message'],
    properties: { name: { type: 'string' }, message: { type: 'string' } },
  },
  Problem: {
    type: 'object',
    description: 'RFC 9457.',
    required: ['title', 'status', 'detail', 'code'],
    properties: {
      title: { type: 'string' },
      status: { type: 'integer' },
      detail: { type: 'string' },
      code: { type: 'string' },
    },
  },
} as const;
