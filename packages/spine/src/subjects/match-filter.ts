import type { Subject, SubjectFilter } from './subject.ts';

const STAR = 0x2a;
const GREATER = 0x3e;

/** True when the filter holds a wildcard token. */
export function hasWildcard(filter: SubjectFilter): boolean {
  return filter.includes('*') || filter.includes('>');
}

/** True when the subject matches: `*` stands for one token, a last `>` for one or more. Allocates nothing. */
export function matchesFilter(filter: SubjectFilter, subject: Subject): boolean {
  let at = 0;
  for (let i = 0; i < filter.length; i++) {
    const code = filter.charCodeAt(i);
    if (code === GREATER) return at < subject.length;
    if (code === STAR) {
      const dot = subject.indexOf('.', at);
      const end = dot < 0 ? subject.length : dot;
      if (end === at) return false;
      at = end;
    } else {
      if (code !== subject.charCodeAt(at)) return false;
      at++;
    }
  }
  return at === subject.length;
}
