import { BoundedCounts, type CountsJson } from './counts.ts';
import type { Verification } from './verify.ts';

/** What reading writes back came to, in counts. Adds up as all evidence does. */

export interface ReadBacksJson {
  readonly arrived: number;
  readonly notArrived: number;
  readonly cannotTell: number;
  readonly missing: CountsJson;
}

/** Fields are the route's own, and a route has few. */
const MAX_FIELDS = 100;

export class ReadBacks {
  arrived = 0;
  notArrived = 0;
  cannotTell = 0;
  /** Of the writes that did not arrive: how often each field was not found again. */
  missing = new BoundedCounts(MAX_FIELDS);

  add({ result, missing }: Verification): void {
    if (result === 'arrived') this.arrived++;
    else if (result === 'not_arrived') this.notArrived++;
    else this.cannotTell++;
    for (const field of missing) this.missing.add(field);
  }

  merge({ arrived, notArrived, cannotTell, missing }: ReadBacks): void {
    this.arrived += arrived;
    this.notArrived += notArrived;
    this.cannotTell += cannotTell;
    this.missing.merge(missing);
  }

  toJSON(): ReadBacksJson {
    const { arrived, notArrived, cannotTell, missing } = this;
    return { arrived, notArrived, cannotTell, missing: missing.toJSON() };
  }

  static fromJSON(json: ReadBacksJson | undefined): ReadBacks {
    const readBacks = new ReadBacks();
    if (!json) return readBacks;
    const { arrived, notArrived, cannotTell, missing } = json;
    return Object.assign(readBacks, {
      arrived,
      notArrived,
      cannotTell,
      missing: BoundedCounts.fromJSON(MAX_FIELDS, missing),
    });
  }
}
