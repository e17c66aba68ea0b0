import { cpus } from "node:os";
import type { Runtime } from "../../engine/runtime/Runtime.ts";

/** The provider and the machine, for the record: `cpu, 8 × AMD EPYC 7B13`. */
export function deviceName({ provider }: Runtime): string {
  const all = cpus();
  return `${provider}, ${all.length} × ${all.at(0)?.model.trim() ?? "a processor"}`;
}
