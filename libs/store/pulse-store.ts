import type { Pulse } from "#libs/contracts/pulse-item.ts";

/** A pulse as a process knows it; how long it is kept is the store's business. */
export type FreshPulse = WithoutLife<Pulse>;
type WithoutLife<P> = P extends unknown ? Omit<P, "ttl"> : never;

export interface PulseStore {
  /**
   * Replaces the process's last pulse. Of a service that runs once at a time, a pulse that knows of older work than the
   * stored one changes nothing, as long as the stored one is recent.
   */
  put(pulse: FreshPulse): Promise<void>;
  /** The pulses of all services that have not expired, the services in the order of the pipeline, workers by name. */
  all(): Promise<readonly Pulse[]>;
}
