/** The straight line through values that follow each other, by least squares. Filled again for each. */
export class Line {
  /** By how much it rises from one value to the next. */
  slope = 0;
  /** Standard deviation of the values from the line. */
  scatter = 0;

  /**
   * Through `count` values (two or more) of which the sum, the sum of their squares, and the sum of each times its place (0 for
   * the first) are known.
   */
  through(count: number, sum: number, squares: number, byPlace: number): this {
    const middle = (count - 1) / 2;
    const mean = sum / count;
    const placesSpread = (count * (count * count - 1)) / 12;
    const together = byPlace - middle * sum;
    this.slope = together / placesSpread;
    const unexplained = squares - count * mean * mean - this.slope * together;
    this.scatter = Math.sqrt(Math.max(0, unexplained) / count);
    return this;
  }
}
