/** What a module may be at most. Bounds of what loading and calling it can cost (PRD-5, WSM-2). */
export const policyLimits = {
  moduleBytes: 1_048_576,
  memoryBytes: 4_194_304,
  functions: 10_000,
  types: 1_000,
  globals: 1_000,
  exports: 1_000,
  imports: 64,
  tableEntries: 10_000,
  elementSegments: 1_000,
  dataSegments: 1_000,
  /** In one function, parameters included. */
  locals: 1_000,
  functionBytes: 131_072,
  /** Blocks inside of blocks. */
  nesting: 1_000,
  branchTable: 10_000,
  parameters: 64,
  results: 16,
} as const;

/** Fuel of one call where nothing else is asked for. */
export const DEFAULT_FUEL = 1_000_000;
/** The most fuel that one call, and one message, may take. */
export const MAX_FUEL = 2_000_000;
/** Fuel of what a module does before its first call. */
export const START_FUEL = 250_000;

/** What memory is counted in. */
export const PAGE_BYTES = 65_536;
