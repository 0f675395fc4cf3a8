/** One way in which a payload is not what its schema says. Holds nothing that the payload says but names of members. */
export interface Violation {
  /** Where: `items[2].price`; empty = the payload itself. */
  readonly path: string;
  /** What is wrong, in words of the schema. */
  readonly message: string;
}

/** Violations beyond this number are not told. */
export const MAX_VIOLATIONS = 10;

const MAX_NAME_LENGTH = 64;
const MAX_PATH_LENGTH = 256;

/** The path of a member, or of an item where the step is a number. Names that read badly are quoted, long ones cut. */
export function childPath(path: string, step: string | number): string {
  if (path.length > MAX_PATH_LENGTH) return path;
  if (typeof step === 'number') return `${path}[${step}]`;
  const name = step.slice(0, MAX_NAME_LENGTH);
  if (!/^[A-Za-z_$][\w$-]*$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}
