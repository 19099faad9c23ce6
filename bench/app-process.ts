// A child process seen from outside, on Linux: its memory in MiB from /proc, and its CPUs.
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";

/** Id of the child of this process that has this word in its command line. */
export function findChild(word: string): number {
  for (const file of globSync("/proc/[0-9]*/cmdline")) {
    const pid = Number(file.split("/")[2]);
    try {
      const [, parent] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
      if (Number(parent) === process.pid && readFileSync(file, "utf8").includes(word)) return pid;
    } catch {
      // The process ended meanwhile.
    }
  }
  throw new Error(`This process has no child with ${word} in its command line`);
}

function read(pid: number, field: "VmRSS" | "VmHWM"): number {
  const [, kib] = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  if (kib === undefined) throw new Error(`/proc/${pid}/status has no ${field}`);
  return Number(kib) / 1024;
}

export const memoryOf = (pid: number): number => read(pid, "VmRSS");

/** Resets the peak. https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html */
export const resetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, "5");

/** Maximum since the last reset. */
export const peakOf = (pid: number): number => read(pid, "VmHWM");

/** As an instance in Azure has it. */
export function runOnOneCpu(pid: number): void {
  execFileSync("taskset", ["--all-tasks", "--cpu-list", "--pid", "0", String(pid)], { stdio: "ignore" });
}
