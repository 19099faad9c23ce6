// Numbers, sizes and times as the reader's language writes them.

const numbers = new Intl.NumberFormat();
const dates = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const times = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export const formatNumber = (value: number): string => numbers.format(value);
export const formatDate = (iso: string): string => dates.format(new Date(iso));
export const formatTime = (iso: string): string => times.format(new Date(iso));

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** In powers of 1,000, with at most one decimal below ten. */
export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
  const value = bytes / 1000 ** power;
  const digits = power > 0 && value < 10 ? 1 : 0;
  return `${new Intl.NumberFormat(undefined, { maximumFractionDigits: digits }).format(value)} ${UNITS[power]}`;
}
