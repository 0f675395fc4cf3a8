import type { Subject } from '../../subjects/subject.ts';

/** The first message of a subject from a sequence on; every server since 2.9 answers it, the types of the client leave it out. */
export function nextOf(subject: Subject, seq: number): { readonly seq: number } {
  const query: { readonly seq: number; readonly next_by_subj: string } = { seq, next_by_subj: subject };
  return query;
}
