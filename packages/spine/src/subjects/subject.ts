import type { Branded } from '@arqonbus/protocol';

/** A concrete subject, without wildcards. Only this folder makes one (SPN-5). */
export type Subject = Branded<'Subject'>;

/** A subject that may hold wildcards; fit for subscribing, never for publishing. */
export type SubjectFilter = Subject | Branded<'SubjectFilter'>;
