// Memory of another process of ours, as Linux tells it.
import { globSync, readFileSync, writeFileSync } from "node:fs";

const MIB = 1024;

/** The process that this one started with that word on its command line. */
export function findChild(word: string): number {
  for (const file of globSync("/proc/[0-9]*/cmdline")) {
    const pid = Number(file.split("/")[2]);
    try {
      const [, parent] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
      if (Number(parent) === process.pid && readFileSync(file, "utf8").includes(word)) return pid;
    } catch {
      // Ended while we looked.
    }
  }
  throw new Error(`No process with ${word} on its command line was started here`);
}

function read(pid: number, field: "VmRSS" | "VmHWM"): number {
  const [, kib] = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  if (kib === undefined) throw new Error(`/proc/${pid}/status has no ${field}`);
  return Number(kib) / MIB;
}

/** MiB that it holds now. */
export const memoryOf = (pid: number): number => read(pid, "VmRSS");

/** From here on the peak is counted anew. https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html */
export const resetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, "5");

/** The most MiB that it held since. */
export const peakOf = (pid: number): number => read(pid, "VmHWM");
