import type { CompiledRules } from './rules.ts';
import type { Answer, Comparison } from './comparison.ts';

/** The signature that the shadow runner is written against: pure, never throws, never waits. */
export type CompareAnswers = (rules: CompiledRules, control: Answer, candidate: Answer, now: number) => Comparison;
