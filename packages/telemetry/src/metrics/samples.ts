/** Numbers in a row that grows, without boxing them. */
export class Samples {
  private values = new Float64Array(65_536);
  private length = 0;

  add(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Float64Array(this.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  /** How many there are. */
  get count(): number {
    return this.length;
  }

  /** The value below which this share (0 to 1) of all lies; 0 where there are none. */
  percentile(share: number): number {
    const sorted = this.values.subarray(0, this.length).toSorted();
    return sorted[Math.min(this.length - 1, Math.floor(this.length * share))] ?? 0;
  }
}
