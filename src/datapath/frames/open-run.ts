/** Segments of one super-frame that arrive one after another, while they are being joined again. */
import { HeaderInfo } from '../../switch/headers.js';
import { SegmentRun } from '../offload/superframe.js';
import { GSO } from '../offload/virtio.js';
import { MAX_SUPER_FRAME, type Segment } from './segment.js';

export class OpenRun {
  /** What has been joined, in the form that headers are made from. */
  readonly joined = new SegmentRun();
  /** The headers of the super-frame; to be filled before `begin`. */
  readonly headers = new HeaderInfo();
  hasEcn = false;
  /** Whose it is; -1: none is open. */
  private peer = -1;
  private superId = 0;
  private next = 0;
  /** Segments of the whole super-frame. */
  private count = 0;
  /** Bytes of the headers that its segments came with. */
  private headerLength = 0;
  private limit = 0;

  get isOpen(): boolean {
    return this.peer >= 0;
  }

  /** Segments joined. */
  get segments(): number {
    return this.next - this.joined.index;
  }

  /** Opens it with its first segment. At most `limit` are joined. Returns whether it is complete. */
  begin(segment: Segment, limit: number): boolean {
    const { joined } = this;
    this.peer = segment.peer;
    this.superId = segment.superId;
    this.next = segment.index + 1;
    this.count = segment.count;
    this.headerLength = segment.sentHeaderLength;
    this.limit = limit;
    this.hasEcn = (segment.gsoType & GSO.ECN) !== 0;
    joined.index = segment.index;
    joined.gsoSize = segment.gsoSize;
    joined.payload = segment.payload;
    return this.next === this.count;
  }

  /** Whether a segment continues it, so that nothing of it needs to be looked at again. */
  continues(segment: Segment): boolean {
    const { joined } = this;
    const { payload, sentHeaderLength } = segment;
    return (
      this.peer === segment.peer &&
      this.superId === segment.superId &&
      this.next === segment.index &&
      this.headerLength === sentHeaderLength &&
      payload <= joined.gsoSize &&
      this.next - joined.index < this.limit &&
      joined.payload + payload + sentHeaderLength <= MAX_SUPER_FRAME
    );
  }

  /** Joins the payload of a segment that continues it. Returns whether that ends it: a short segment does. */
  extend(payload: number): boolean {
    this.joined.payload += payload;
    this.next++;
    return payload < this.joined.gsoSize || this.next === this.count;
  }

  /** Closes it. What was joined, and its headers, stay until the next one begins. */
  close(): void {
    this.peer = -1;
    this.joined.isLast = this.next === this.count;
  }
}
