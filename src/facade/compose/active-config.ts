import { ConfigRefused } from '../config/config-refused.ts';
import type { FacadeConfig } from '../config/schema.ts';
import type { Variables } from '../config/variables.ts';
import type { RuntimeSnapshot } from '../forward/runtime-snapshot.ts';
import type { AcceptedConfig, LoadedConfig, Loader } from '../forward/reload.ts';
import type { RolloutStore } from '../steer/rollout-store.ts';

/** What serves: one config and the snapshot that was built of it. */
export interface Active {
  /** With the rollouts in force, and this process's part of the limits. */
  readonly config: FacadeConfig;
  readonly snapshot: RuntimeSnapshot;
  /** The file that it comes from. */
  readonly source: LoadedConfig;
}

type Listener = (active: Active) => void;

/**
 * The config in force. It goes one way: a text is read and accepted, the rollout store lays the rollouts over it, a
 * snapshot is built of that. A new text begins at the first step; other rollouts begin at the second, of the text that
 * was accepted last, so that they say nothing of a file that is refused.
 */
export class ActiveConfig {
  readonly #loader: Loader;
  readonly #rollouts: RolloutStore;
  readonly #listeners = new Set<Listener>();
  #accepted: AcceptedConfig;
  #active: Active;

  /** @throws ConfigRefused when what it is to begin with cannot be served. */
  constructor(loader: Loader, rollouts: RolloutStore, first: LoadedConfig) {
    const read = loader.read(first.text, first.variables);
    if (!read.ok) throw new ConfigRefused(read.problems);
    this.#loader = loader;
    this.#rollouts = rollouts;
    this.#accepted = read.accepted;
    rollouts.accept(read.accepted);
    this.#active = this.#build();
    rollouts.subscribe(() => this.#serve());
  }

  get config(): FacadeConfig {
    return this.#active.config;
  }

  get current(): Active {
    return this.#active;
  }

  /** The file has this text now. One that is refused changes nothing. @returns whether it was accepted. */
  load(text: string, variables?: Variables): boolean {
    const read = this.#loader.read(text, variables);
    if (!read.ok) return false;
    this.#accepted = read.accepted;
    this.#rollouts.accept(read.accepted);
    this.#serve();
    return true;
  }

  /** Told of everything that serves after what is `current` now. */
  subscribe(listener: Listener): void {
    this.#listeners.add(listener);
  }

  #serve(): void {
    this.#active = this.#build();
    for (const listener of this.#listeners) listener(this.#active);
  }

  #build(): Active {
    const { config, digest, text, variables } = this.#accepted;
    const built = this.#loader.build(this.#rollouts.resolve(config), digest);
    return { ...built, source: { text, variables } };
  }
}
