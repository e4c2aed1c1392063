import { describe, expect, it } from 'vitest';
import { cpuMicros, descendants, parseRss, parseStat, processTree, rss } from '../../../bench/kit/proc.ts';

const STAT = '4711 (nginx) S 4700 4711 4711 0 -1 4194560 1 0 0 0 250 125 9 9 20 0 1 0 100 1 1 1\n';

describe('/proc/<pid>/stat', () => {
  it('yields the parent and user plus system time in microseconds, without that of ended children', () => {
    expect(parseStat(STAT)).toEqual({ pid: 4711, parent: 4700, cpuMicros: 3_750_000 });
  });

  it('is read right when the command holds blanks and parentheses', () => {
    expect(parseStat(STAT.replace('(nginx)', '(a) S 1 (b c)'))).toEqual(parseStat(STAT));
  });

  it('is refused when it is something else', () => {
    expect(() => parseStat('4711 (nginx) S')).toThrow(RangeError);
  });
});

describe('/proc/<pid>/status', () => {
  it('yields resident memory in bytes', () => {
    expect(parseRss('VmPeak:\t 9 kB\nVmRSS:\t   2048 kB\nRssAnon:\t 1 kB\n')).toBe(2_097_152);
  });

  it('is refused without VmRSS, as of a process that has just ended', () => {
    expect(() => parseRss('Name:\tnode\nState:\tZ (zombie)\n')).toThrow(RangeError);
  });
});

describe('the process tree', () => {
  it('holds the process and everything below it, and nobody else', () => {
    const all = [
      { pid: 1, parent: 0 },
      { pid: 20, parent: 10 },
      { pid: 10, parent: 1 },
      { pid: 21, parent: 10 },
      { pid: 30, parent: 21 },
      { pid: 11, parent: 1 },
    ];
    expect(descendants(10, all).sort((a, b) => a - b)).toEqual([10, 20, 21, 30]);
  });
});

describe.skipIf(process.platform !== 'linux')('this process', () => {
  it('is found, with the memory and the CPU time that Node itself reports', () => {
    expect(processTree(process.pid)).toContain(process.pid);
    expect(rss(process.pid) / process.memoryUsage.rss()).toBeCloseTo(1, 0);
    const { user, system } = process.cpuUsage();
    // Ticks of 10 ms, each of the two rounded down.
    expect(Math.abs(cpuMicros([process.pid]) - (user + system))).toBeLessThan(100_000);
  });
});
