import { parseArgs } from 'node:util';
import type { Benchmark } from './benchmark.ts';

/** What was asked for on the command line. */
export type BenchOrder =
  | { readonly kind: 'list' }
  | { readonly kind: 'wrong'; readonly problem: string }
  /** Hold the benchmarks to their budget. */
  | { readonly kind: 'budget'; readonly benchmarks: readonly Benchmark[] }
  | {
      readonly kind: 'run';
      readonly benchmarks: readonly Benchmark[];
      readonly rounds: number;
      readonly isQuick: boolean;
      /** Print JSON on standard output, and nothing else. */
      readonly asJson: boolean;
      readonly only: readonly string[];
      readonly profileFolder?: string;
    };

const ROUNDS = 5;
const QUICK_ROUNDS = 2;

/** Reads `[name …] [--list] [--budget] [--quick] [--rounds n] [--json] [--only text|text] [--profile folder]`. */
export function parseArguments(args: readonly string[], benchmarks: readonly Benchmark[]): BenchOrder {
  const parsed = parse(args.filter((arg) => arg !== '--'));
  if (typeof parsed === 'string') return { kind: 'wrong', problem: parsed };
  const { values, positionals } = parsed;
  if (values.list) return { kind: 'list' };
  const unknown = positionals.find((wanted) => !benchmarks.some(({ name }) => name === wanted));
  if (unknown !== undefined) return { kind: 'wrong', problem: `there is no benchmark ${unknown}; --list names them` };
  const wanted = benchmarks.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  if (values.budget) return { kind: 'budget', benchmarks: wanted };
  const rounds = Number(values.rounds ?? (values.quick ? QUICK_ROUNDS : ROUNDS));
  if (!Number.isInteger(rounds) || rounds < 1) return { kind: 'wrong', problem: '--rounds is a whole number from 1' };
  const profile = values.profile === undefined ? {} : { profileFolder: values.profile };
  const only = (values.only ?? '').split('|').filter((part) => part !== '');
  return { kind: 'run', benchmarks: wanted, rounds, only, isQuick: values.quick, asJson: values.json, ...profile };
}

function parse(args: string[]): ReturnType<typeof parseKnown> | string {
  try {
    return parseKnown(args);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function parseKnown(args: string[]): {
  readonly values: {
    readonly list: boolean;
    readonly budget: boolean;
    readonly quick: boolean;
    readonly json: boolean;
    readonly rounds?: string;
    readonly only?: string;
    readonly profile?: string;
  };
  readonly positionals: readonly string[];
} {
  const flag = { type: 'boolean', default: false } as const;
  const text = { type: 'string' } as const;
  const options = { list: flag, budget: flag, quick: flag, json: flag, rounds: text, only: text, profile: text };
  return parseArgs({ args, allowPositionals: true, options });
}
