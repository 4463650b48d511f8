import { z } from "zod";
import type { ServiceManifest } from "#services/shared/manifest.ts";
import { oneOf, whole } from "./context-values.ts";

/** CPU units and the memory sizes in MiB that Fargate offers for them. */
const FARGATE_MEMORY_MIB: Readonly<Record<number, readonly number[]>> = {
  256: [512, 1024, 2048],
  512: [1024, 2048, 3072, 4096],
  1024: [2048, 3072, 4096, 5120, 6144, 7168, 8192],
};

/** How one service is deployed: its manifest, with the overrides of the context. */
export interface ServiceSettings {
  /** Fargate CPU units: 1024 are one vCPU. */
  readonly cpu: number;
  readonly memoryMiB: number;
  /** Always 1 except for a worker. */
  readonly minTasks: number;
  readonly maxTasks: number;
  /** One more task for this many waiting messages; of a worker only. */
  readonly messagesPerTask: number;
  /** `schedule`: a task for each run; `service`: long-running tasks. */
  readonly mode: "schedule" | "service";
}

/** An invalid setting and the reason. */
export interface Complaint {
  readonly name: string;
  readonly message: string;
}

/** The figures that may be set for a service, each under the service's name: `analyzerCpu`, `analyzerMaxTasks`. */
function figureRules({ name, size, run }: ServiceManifest): [string, z.ZodType<number>][] {
  const ofEach: [string, z.ZodType<number>][] = [
    [`${name}Cpu`, whole(256, 1024).default(size.cpu)],
    [`${name}MemoryMiB`, whole(512, 8192).default(size.memoryMiB)],
  ];
  if (run.kind !== "worker") return ofEach;
  return [
    ...ofEach,
    [`${name}MinTasks`, whole(0, 100).default(run.minTasks)],
    [`${name}MaxTasks`, whole(1, 100).default(run.maxTasks)],
    [`${name}MessagesPerTask`, whole(1, 10_000).default(run.messagesPerTask)],
  ];
}

const modeRule = oneOf(["schedule", "service"]).default("schedule");

/** `selectorMode=service`: one long-running task that runs at the schedule's period by its own clock. */
function modeRules({ name, run }: ServiceManifest): [string, typeof modeRule][] {
  return run.kind === "schedule" && run.mayStay ? [[`${name}Mode`, modeRule]] : [];
}

/** The rules of all services' settings: figures and modes. */
export function serviceRules(manifests: readonly ServiceManifest[]) {
  return {
    figures: z.object(Object.fromEntries(manifests.flatMap(figureRules))),
    modes: z.object(Object.fromEntries(manifests.flatMap(modeRules))),
  };
}

/** The settings of one service from the values that passed the rules. */
export function serviceSettings(
  { name, size, run }: ServiceManifest,
  figures: Readonly<Record<string, number>>,
  modes: Readonly<Record<string, ServiceSettings["mode"]>>,
): ServiceSettings {
  return {
    cpu: figures[`${name}Cpu`] ?? size.cpu,
    memoryMiB: figures[`${name}MemoryMiB`] ?? size.memoryMiB,
    minTasks: figures[`${name}MinTasks`] ?? 1,
    maxTasks: figures[`${name}MaxTasks`] ?? 1,
    messagesPerTask: figures[`${name}MessagesPerTask`] ?? 1,
    mode: modes[`${name}Mode`] ?? (run.kind === "schedule" ? "schedule" : "service"),
  };
}

/** Contradictions between values that are valid by themselves. */
export function complaintsOf(name: string, settings: ServiceSettings): Complaint[] {
  const { cpu, memoryMiB, minTasks, maxTasks } = settings;
  const complaints: Complaint[] = [];
  const sold = FARGATE_MEMORY_MIB[cpu];
  if (sold === undefined) {
    const message = `expected one of ${Object.keys(FARGATE_MEMORY_MIB).join(", ")}`;
    complaints.push({ name: `${name}Cpu`, message });
  } else if (!sold.includes(memoryMiB)) {
    const message = `with ${cpu} CPU units Fargate offers ${sold.join(", ")} MiB, not ${memoryMiB}`;
    complaints.push({ name: `${name}MemoryMiB`, message });
  }
  if (minTasks > maxTasks) {
    complaints.push({ name: `${name}MinTasks`, message: `is above ${name}MaxTasks (${maxTasks})` });
  }
  return complaints;
}
