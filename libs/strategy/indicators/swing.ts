/** The leg between the extremes of one frame's window. */
export interface Swing {
  /** Whether the window is full. The other fields mean nothing when it is not. */
  readonly present: boolean;
  readonly high: number;
  readonly low: number;
  /** Whether the leg is up: the high is more recent than the low. */
  readonly up: boolean;
}
