import { ANALYZER } from "./analyzer/manifest.ts";
import { EXECUTOR } from "./executor/manifest.ts";
import { FINDER } from "./finder/manifest.ts";
import { SCANNER } from "./scanner/manifest.ts";
import { SELECTOR } from "./selector/manifest.ts";

/** Every service, one line each, in the order of the pipeline. */
export const MANIFESTS = [
  SCANNER, //
  ANALYZER,
  SELECTOR,
  FINDER,
  EXECUTOR,
] as const;

export type ServiceName = (typeof MANIFESTS)[number]["name"];

/** The names of all services, in the same order. */
export const SERVICES: readonly ServiceName[] = MANIFESTS.map(({ name }) => name);
