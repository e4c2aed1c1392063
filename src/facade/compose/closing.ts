/**
 * What was opened, and how it is closed: newest first, since what came later stands on what came before. Whoever opens
 * something says so in the next line, so that no list of closings has to be kept in step, and a composition that fails
 * half-way closes what it had.
 */
export class Closing {
  readonly #steps: (() => Promise<void> | void)[] = [];
  #running: Promise<void> | undefined;

  defer(step: () => Promise<void> | void): void {
    this.#steps.push(step);
  }

  /**
   * Once, however often it is called. A step that fails keeps none of the others from being closed.
   * @throws what the first failed step threw.
   */
  run(): Promise<void> {
    return (this.#running ??= this.#run());
  }

  async #run(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
