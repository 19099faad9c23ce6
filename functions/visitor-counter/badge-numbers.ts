// The numbers that a badge shows, or why it shows none: an image in a README has no other way to say so.
import { AppError } from "../lib/errors.ts";
import { consoleLog } from "../lib/log.ts";
import { VERIFY_PAGE } from "../lib/names.ts";
import type { NoNumbers } from "./badge-content.ts";

/**
 * @param read throws as the counter does
 * @returns the reason when the page is not counted, or when the table fails (docs/decisions/045)
 */
export async function numbersOrReason<T>(page: string, read: (page: string) => Promise<T>): Promise<T | NoNumbers> {
  if (page === VERIFY_PAGE) return "page not found";
  try {
    return await read(page);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === "NOT_FOUND") return "page not found";
    if (error.code !== "DEPENDENCY_UNAVAILABLE") throw error;
    consoleLog.warn("badge-without-number", { page, error });
    return "unavailable";
  }
}
