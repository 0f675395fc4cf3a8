/** Where the position of a message stands: JetStream writes these when it republishes, and so does who does its work. */
export const POSITION_HEADERS = { seq: 'Nats-Sequence', prevSeq: 'Nats-Last-Sequence' } as const;
