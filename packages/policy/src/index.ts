export { PolicyInstance } from './host/policy-instance.ts';
export * from './load-policy.ts';
export * from './policy-chain.ts';
export { DEFAULT_FUEL, MAX_FUEL, policyLimits } from './policy-limits.ts';
export * from './policy-message.ts';
export * from './policy-refusal.ts';
export * from './try-policy.ts';
