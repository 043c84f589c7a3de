/** A share with two digits that count: `0.034 %`, `1.2 %`, `14 %`. */
export function sayPercent(share: number): string {
  const percent = 100 * share;
  return `${percent === 0 ? '0' : Number(percent.toPrecision(2))} %`;
}

/** A number of things, as exact as it deserves: `0.4`, `7.2`, `46`, `1,300`. */
export function sayCount(count: number): string {
  if (count < 10) return String(Number(count.toFixed(1)));
  const rounded = count < 1_000 ? Math.round(count) : Number(count.toPrecision(2));
  return String(rounded).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}
