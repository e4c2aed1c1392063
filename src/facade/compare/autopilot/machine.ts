import type { AutopilotDecision } from './metrics.ts';
import type { AutopilotSettings } from '../../rollout/route.ts';
import type { AutopilotFacts } from './facts.ts';
import { areGreen, brokenOf, WRONG_AT_ANY_SHARE, type Gates } from './gates.ts';

/**
 * The autopilot of one route, as a pure function from one tick to the next:
 *
 *     calibrating ──all green for a hold──► holding ──…──► holding ──…──► complete
 *       (at 0 %)     (apply: raise;            │   at the next step         │
 *                     propose: proposing,      │                            │
 *                     a human makes the flip)  └───── a gate breaks ────────┤
 *                                                                           ▼
 *     calibrating or holding ◄── its time is over ── cooling (one step back, at 0 where the answers were wrong)
 *
 *     any ── a human flips or says pause ──► paused ── resume, or other settings ──► calibrating, holding, complete
 *
 * Paused means hands off: it takes nothing back either, or the human would not have won. While the kill switch is on the
 * clock of a hold stands at its beginning.
 */

interface LastSeenFlip {
  /** Percentage that it last saw or set, and by which flip. */
  readonly gateway: number;
  readonly flip: string;
  /** The settings that it goes by; others begin a new hold. */
  readonly settings: string;
  /** Take-backs since the last step that held where it had broken; the cool-down doubles with each. */
  readonly setbacks: number;
  /** The highest percentage that was rolled back. */
  readonly brokeAt: number;
  /** Of the phase: epoch milliseconds. */
  readonly since: number;
}

export type AutopilotState = LastSeenFlip &
  (
    | { readonly phase: 'calibrating' | 'holding' | 'complete' }
    | { readonly phase: 'proposing'; readonly to: number }
    | { readonly phase: 'cooling'; readonly until: number }
    | { readonly phase: 'paused'; readonly by: string }
  );

export interface AutopilotStep {
  readonly kind: Exclude<AutopilotDecision, 'refused'>;
  readonly why: string;
  /** Percentage to be set; only `raise` and `roll_back` have it. */
  readonly flipTo?: number;
}

export interface Tick {
  readonly facts: AutopilotFacts;
  readonly gates: Gates;
  readonly settings: AutopilotSettings;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface Stepped {
  /** To be kept only once the flip, if there is one, is made. */
  readonly state: AutopilotState;
  readonly decision: AutopilotStep;
}

const DAY = 86_400_000;
const fingerprint = (settings: AutopilotSettings) => JSON.stringify(settings);

/** At a route that was never seen: a whole hold lies before any raise, whatever the numbers say. */
export function begin({ facts, settings, now }: Tick): AutopilotState {
  const known = { gateway: facts.gateway, flip: facts.flip.revision, settings: fingerprint(settings), since: now };
  return { ...known, setbacks: 0, brokeAt: 0, phase: resting(facts.gateway, settings) };
}

/** One tick. The order of the rules is their rank: what comes first wins. */
export function step(state: AutopilotState, tick: Tick): Stepped {
  return (
    settingsChanged(state, tick) ??
    flipped(state, tick) ??
    paused(state) ??
    gateBroke(state, tick) ??
    killed(state, tick) ??
    moved(state, tick)
  );
}

export function pause(state: AutopilotState, by: string, now: number): Stepped {
  return {
    state: { ...known(state), since: now, phase: 'paused', by },
    decision: { kind: 'pause', why: `paused by ${by}` },
  };
}

/**
 * Another process goes on: what proves anything was seen by the one before, so the hold begins anew. Where the percentage
 * is the same nobody flipped it, whatever the flip is called here: without a store revisions begin at 0 again.
 */
export function reborn(state: AutopilotState, { facts, now }: Tick): AutopilotState {
  const flip = facts.gateway === state.gateway ? facts.flip.revision : state.flip;
  return state.phase === 'paused' || state.phase === 'cooling' ? { ...state, flip } : { ...state, flip, since: now };
}

/** From here on as at a route that was never seen, but for its setbacks. A cool-down ends: a human has looked. */
export function resume(state: AutopilotState, tick: Tick, by: string): Stepped {
  return { state: rest(state, tick), decision: { kind: 'resume', why: `resumed by ${by}` } };
}

const hold = (state: AutopilotState, why: string): Stepped => ({ state, decision: { kind: 'hold', why } });

function known({ gateway, flip, settings, setbacks, brokeAt, since }: AutopilotState): LastSeenFlip {
  return { gateway, flip, settings, setbacks, brokeAt, since };
}

const resting = (gateway: number, { steps }: AutopilotSettings): 'calibrating' | 'holding' | 'complete' =>
  nextStep(gateway, steps) === undefined ? 'complete' : gateway === 0 ? 'calibrating' : 'holding';

/** At the percentage that is in force, with a hold before it. */
function rest(state: AutopilotState, { facts, settings, now }: Tick): AutopilotState {
  const { setbacks, brokeAt } = state;
  const seen = { gateway: facts.gateway, flip: facts.flip.revision, settings: fingerprint(settings), since: now };
  return { ...seen, setbacks, brokeAt, phase: resting(facts.gateway, settings) };
}

const nextStep = (gateway: number, steps: readonly number[]) => steps.find((one) => one > gateway);
const lastStepBelow = (gateway: number, steps: readonly number[]) => steps.findLast((one) => one < gateway) ?? 0;

/** Who changes the settings has looked at the route: it goes on, paused or not. What broke is rolled back all the same. */
function settingsChanged(state: AutopilotState, tick: Tick): Stepped | undefined {
  if (state.settings === fingerprint(tick.settings) || flipped(state, tick)) return undefined;
  const restarted = rest(state, tick);
  const stepped = gateBroke(restarted, tick);
  return stepped ?? { state: restarted, decision: { kind: 'restart', why: 'its settings in the table changed' } };
}

/** Somebody else moved the route. A human who does what was proposed accepts it; any other human flip pauses. */
function flipped(state: AutopilotState, tick: Tick): Stepped | undefined {
  const { facts, settings, now } = tick;
  if (facts.flip.revision === state.flip && facts.gateway === state.gateway) return undefined;
  if (facts.flip.by === 'autopilot') {
    // It ended before it could write down what it had decided.
    const why = 'flipped by the autopilot of another instance';
    const rested = rest(state, tick);
    const isFall = facts.gateway < state.gateway;
    return { state: isFall ? cooling(state, rested, tick) : rested, decision: { kind: 'restart', why } };
  }
  if (state.phase === 'proposing' && facts.gateway === state.to) {
    return { state: rest(state, tick), decision: { kind: 'accept', why: `a human set the proposed ${state.to} %` } };
  }
  const seen = { ...known(state), gateway: facts.gateway, flip: facts.flip.revision, settings: fingerprint(settings) };
  const why = `a human set ${facts.gateway} % where it was ${state.gateway} %`;
  return { state: { ...seen, since: now, phase: 'paused', by: 'a human flip' }, decision: { kind: 'pause', why } };
}

function paused(state: AutopilotState): Stepped | undefined {
  return state.phase === 'paused' ? hold(state, `paused by ${state.by}`) : undefined;
}

/** At once, in both modes, cooling or not, killed or not. */
function gateBroke(state: AutopilotState, tick: Tick): Stepped | undefined {
  const { facts, gates, settings } = tick;
  const broken = brokenOf(gates);
  if (broken.length === 0 || facts.gateway === 0) return undefined;
  const isWrong = broken.some((name) => WRONG_AT_ANY_SHARE.includes(name));
  const flipTo = isWrong ? 0 : lastStepBelow(facts.gateway, settings.steps);
  const why = broken.map((name) => `${name}: ${gates[name].why}`).join('; ');
  return {
    state: cooling(state, { ...known(state), gateway: flipTo }, tick),
    decision: { kind: 'roll_back', why, flipTo },
  };
}

/** @param from before the fall, @param to where it stands now. */
function cooling(from: AutopilotState, to: LastSeenFlip, { settings, now }: Tick): AutopilotState {
  // The rest of a fall is the same setback.
  const setbacks = from.phase === 'cooling' ? from.setbacks : from.setbacks + 1;
  const until = now + Math.min(DAY, settings.coolDown * 2 ** Math.min(setbacks - 1, 20));
  const brokeAt = Math.max(from.brokeAt, from.gateway);
  return { ...to, setbacks, brokeAt, since: now, phase: 'cooling', until };
}

/** Nothing is live while it is on, so nothing is proved: the hold begins when it is off again. */
function killed(state: AutopilotState, tick: Tick): Stepped | undefined {
  if (!tick.facts.isKilled) return undefined;
  if (state.phase === 'proposing') return withdrawn(state, tick, 'the kill switch is on');
  const isCooling = state.phase === 'cooling' && tick.now < state.until;
  return hold(isCooling ? state : rest(state, tick), 'the kill switch is on');
}

function moved(state: AutopilotState, tick: Tick): Stepped {
  switch (state.phase) {
    case 'cooling':
      if (tick.now < state.until) return hold(state, 'cooling down');
      return { state: rest(state, tick), decision: { kind: 'resume', why: 'the cool-down is over' } };
    case 'calibrating':
    case 'holding':
      return held(state, tick);
    case 'proposing':
      if (areGreen(tick.gates)) return hold(state, `${state.to} % is proposed`);
      return withdrawn(state, tick, whatWaits(tick.gates));
    case 'complete':
      return tick.now - state.since >= tick.settings.hold && areGreen(tick.gates)
        ? hold(forgiven(state), 'the last step is reached')
        : hold(state, 'the last step is reached');
    case 'paused':
      return hold(state, `paused by ${state.by}`);
  }
}

function withdrawn(state: AutopilotState & { phase: 'proposing' }, tick: Tick, because: string): Stepped {
  const why = `the proposal of ${state.to} % is withdrawn: ${because}`;
  return { state: rest(state, tick), decision: { kind: 'withdraw', why } };
}

function held(state: AutopilotState, tick: Tick): Stepped {
  const { gates, settings, now } = tick;
  const isOver = now - state.since >= settings.hold;
  if (!areGreen(gates)) return hold(state, whatWaits(gates));
  if (!isOver) return hold(state, 'all gates are green; the hold is not over');
  const to = nextStep(state.gateway, settings.steps);
  if (to === undefined) return hold({ ...known(state), phase: 'complete' }, 'the last step is reached');
  const why = `all gates were green for ${Math.round((now - state.since) / 1000)} s at ${state.gateway} %`;
  if (settings.mode === 'propose') {
    return { state: { ...known(state), since: now, phase: 'proposing', to }, decision: { kind: 'propose', why } };
  }
  const raised = { ...known(forgiven(state)), gateway: to, since: now };
  return { state: { ...raised, phase: resting(to, settings) }, decision: { kind: 'raise', why, flipTo: to } };
}

const whatWaits = (gates: Gates) =>
  Object.entries(gates)
    .filter(([, { state }]) => state !== 'green')
    .map(([name, { why }]) => `${name}: ${why}`)
    .join('; ');

/** What broke has held: the next cool-down is a first one again. */
function forgiven(state: AutopilotState): AutopilotState {
  return state.gateway >= state.brokeAt ? { ...state, setbacks: 0, brokeAt: 0 } : state;
}
