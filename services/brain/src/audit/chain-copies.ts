import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { CopyChainParts } from './copy-chain.ts';
import { copyChain } from './copy-chain.ts';

/** Keeps the copies of the chains up with them. */
export interface ChainCopies {
  /** A chain has grown. */
  note(tenant: TenantId): void;
  /** Copies what has grown; what cannot be copied now is tried again with the next call. Never rejects. */
  run(): Promise<void>;
  /** Chains that have grown beyond their copy. */
  behind(): number;
}

/** What keeping up needs. `onError` is told once while it lasts, not at every try. */
export interface ChainCopiesOptions extends CopyChainParts {
  readonly onCopied: (records: number) => void;
  readonly onError: (error: unknown) => void;
}

/** Nothing is behind yet. */
export function createChainCopies(options: ChainCopiesOptions): ChainCopies {
  const behind = new Set<TenantId>();
  let isFailing = false;
  /** False = nothing can be copied now. */
  const copy = async (tenant: TenantId): Promise<boolean> => {
    // What comes while it copies is noted anew.
    behind.delete(tenant);
    try {
      options.onCopied(await copyChain(options, tenant));
      isFailing = false;
      return true;
    } catch (error) {
      behind.add(tenant);
      if (!isFailing) options.onError(error);
      isFailing = true;
      // A chain that cannot be read is its own fault alone.
      return !(error instanceof BusError);
    }
  };
  return {
    note: (tenant) => void behind.add(tenant),
    run: async () => {
      for (const tenant of Array.from(behind)) if (!(await copy(tenant))) return;
    },
    behind: () => behind.size,
  };
}
