import { ContractError, describeIssues } from "#libs/contracts/wire.ts";
import { type Fault, type FaultPlan, faultPlanSchema } from "./faults.ts";
import { RandomStream } from "./synthetic/random.ts";

interface Running {
  readonly fault: Fault;
  seen: number;
  hits: number;
}

/** Decides for each request whether a fault applies. It is deterministic for a plan and an order of requests. */
export class FaultInjector {
  private running: Running[] = [];
  private random = new RandomStream(0);

  constructor(plan: FaultPlan) {
    this.set(plan);
  }

  /**
   * Replaces the plan and resets the counters.
   * @throws ContractError naming every invalid field.
   */
  set(plan: FaultPlan): void {
    const outcome = faultPlanSchema.safeParse(plan);
    if (!outcome.success) throw new ContractError(`fault plan: ${describeIssues(outcome.error, plan)}`);
    const parsed = outcome.data;
    this.running = parsed.faults.map((fault) => ({ fault, seen: 0, hits: 0 }));
    this.random = new RandomStream(parsed.seed);
  }

  next(target: string): Fault | null {
    for (const entry of this.running) {
      const { path, after, times, probability } = entry.fault;
      if (path !== undefined && !target.includes(path)) continue;
      entry.seen += 1;
      if (entry.seen <= after || (times !== undefined && entry.hits >= times)) continue;
      if (probability < 1 && this.random.uniform() >= probability) continue;
      entry.hits += 1;
      return entry.fault;
    }
    return null;
  }
}
