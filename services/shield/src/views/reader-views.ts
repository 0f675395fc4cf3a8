import type { PolicyView } from '@arqonbus/casil';
import type { Envelope } from '@arqonbus/protocol';
import type { Session } from '../session/session.ts';
import type { ViewSeal } from './view-seal.ts';

/** Who reads. */
export type Reader = Pick<Session, 'tenant' | 'principal' | 'rights'>;

/** What readers see, by their rights of now (CAS-12). */
export interface ReaderViews {
  /** The entry of `casil.views` that a reader is in there; '' = the most redacted. */
  viewOf(reader: Reader, room: string, channel: string): string;
  /** A publication as this reader sees it: the envelope itself, or a copy with another payload. */
  reveal(reader: Reader, envelope: Envelope): Envelope;
  /** The payload that is seen in this view; undefined = the envelope's own. */
  payloadIn(view: string, tenant: Reader['tenant'], envelope: Envelope): Uint8Array | undefined;
}

/** Views by the entries in force; `viewsOf` gives those of a tenant, none where CASIL is off. */
export function createReaderViews(
  viewsOf: (tenant: string) => readonly Pick<PolicyView, 'text' | 'readers'>[],
  seal: Pick<ViewSeal, 'open'>,
): ReaderViews {
  const viewOf: ReaderViews['viewOf'] = (reader, room, channel) => {
    const entries = viewsOf(reader.tenant);
    if (entries.length === 0) return '';
    return entries.find(({ readers }) => isAmong(readers, reader, room, channel))?.text ?? '';
  };
  const payloadIn: ReaderViews['payloadIn'] = (view, tenant, envelope) =>
    view === '' || envelope.views.length === 0 ? undefined : seal.open(tenant, envelope, view);
  return {
    viewOf,
    payloadIn,
    reveal: (reader, envelope) => {
      if (envelope.views.length === 0) return envelope;
      const view = viewOf(reader, envelope.room, envelope.channel);
      const payload = payloadIn(view, reader.tenant, envelope);
      return payload === undefined ? envelope : { ...envelope, payload };
    },
  };
}

/** For where nobody sees more than the others. */
export const PLAIN_VIEWS: ReaderViews = {
  viewOf: () => '',
  payloadIn: () => undefined,
  reveal: (_, envelope) => envelope,
};

function isAmong(
  readers: PolicyView['readers'],
  { principal, rights }: Reader,
  room: string,
  channel: string,
): boolean {
  if (readers.kind === 'grant') return rights.may('reveal', room, channel);
  return readers.kind === 'role' ? principal.role === readers.name : principal.capabilities.includes(readers.name);
}
