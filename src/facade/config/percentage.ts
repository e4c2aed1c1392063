/**
 * The split has 10,000 buckets, so a percentage has two decimals at most: 0.07 and 25, but not 0.125, 25.0000001, or
 * 1e-320, which would stand in the table as more than 0 and serve nobody.
 */
export const hasTwoDecimals = (percentage: number): boolean => Number(percentage.toFixed(2)) === percentage;
