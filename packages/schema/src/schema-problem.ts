/** Why something is no schema, in words for whoever wrote it. */
export class SchemaProblem extends Error {
  override readonly name = 'SchemaProblem';
}
