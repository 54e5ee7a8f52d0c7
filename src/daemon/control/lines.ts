/** Cuts a byte stream into lines of bounded length. */
export class LineSplitter {
  private parts: Buffer[] = [];
  private length = 0;
  private readonly limit: number;

  /** `limit`: longest line in bytes, newline included. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** The lines that `chunk` completes, without their newline; null as soon as a line is too long. */
  push(chunk: Buffer): Buffer[] | null {
    const lines: Buffer[] = [];
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      if (this.length + end - from + 1 > this.limit) return null;
      lines.push(Buffer.concat([...this.parts, chunk.subarray(from, end)]));
      this.parts = [];
      this.length = 0;
      from = end + 1;
    }
    if (from < chunk.length) {
      this.length += chunk.length - from;
      if (this.length >= this.limit) return null;
      this.parts.push(chunk.subarray(from));
    }
    return lines;
  }
}
