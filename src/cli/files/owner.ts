import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** A process that writes: its id, the machine, and when it started, since ids are given again. */
export interface Owner {
  pid: number;
  host: string;
  /** Ticks since the machine started, where that can be known. */
  started?: string | undefined;
}

/** This process. */
export const thisOwner = (): Owner => ({
  pid: process.pid,
  host: hostname(),
  started: startOf(process.pid),
});

/** Whether a process may still run. Of another machine nothing can be known, and so it may. */
export function mayRun({ pid, host, started }: Owner): boolean {
  if (host !== hostname()) return true;
  if (!isAlive(pid)) return false;
  const now = startOf(pid);
  return started === undefined || now === undefined || now === started;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process cannot be asked, but it is there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Field 22 of Linux's /proc/PID/stat; the name before it may hold spaces and brackets. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined; // no Linux, or it has just ended
  }
}
