// Reads the rows of the days of a page: counted ones and imported ones, one range of row keys each.
import { pagesOf, type TableClient } from "../lib/azure/tables.ts";
import { type DayNumbers, dayRowKey, fromDayRow } from "./day-rows.ts";
import { fromImportRow, type ImportedDay, importRowKey } from "./import-rows.ts";

/** Rows of a response; most ranges have fewer. */
const PAGE_SIZE = 1_000;
const CALL_MS = 5_000;

type Row = { readonly rowKey: string };
type Range = { readonly from: string; readonly to: string };

/** The rows by day, since Cosmos DB returns them in no order. */
async function readRange<R extends Row, T extends { readonly day: string }>(
  table: TableClient,
  page: string,
  { from, to, parse }: Range & { readonly parse: (row: R) => T },
): Promise<ReadonlyMap<string, T>> {
  const filter = `PartitionKey eq '${page}' and RowKey ge '${from}' and RowKey le '${to}'`;
  const days = new Map<string, T>();
  for await (const rows of pagesOf<R>(table, { filter }, CALL_MS, PAGE_SIZE))
    for (const row of rows) {
      const numbers = parse(row);
      days.set(numbers.day, numbers);
    }
  return days;
}

/** @param range days, both included */
export const readDays = (
  table: TableClient,
  page: string,
  { from, to }: Range,
): Promise<[ReadonlyMap<string, DayNumbers>, ReadonlyMap<string, ImportedDay>]> =>
  Promise.all([
    readRange(table, page, { from: dayRowKey(from), to: dayRowKey(to), parse: fromDayRow }),
    readRange(table, page, { from: importRowKey(from), to: importRowKey(to), parse: fromImportRow }),
  ]);
