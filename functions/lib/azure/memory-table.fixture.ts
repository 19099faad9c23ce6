// A table in memory, for models in virtual time: rows with ETags, and reads that may return an earlier version. It has the
// methods of TableClient that the app uses; memory-stores.test.ts compares it with Azurite.
import { RestError, type TableClient, type TableEntity } from "@azure/data-tables";
import { parseFilter } from "./odata-filter.fixture.ts";

/** One call of a store on its way: it may be late, be lost, or lose its response. */
export type Send = <T>(apply: () => T) => Promise<T>;
export const sendAtOnce: Send = async (apply) => apply();

export type MemoryRow = { readonly etag: string; readonly columns: Readonly<Record<string, unknown>> };
type Keys = { readonly partitionKey: string; readonly rowKey: string };
type Options = {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** How many milliseconds a read lags behind. */
  readonly lag?: () => number;
  /** Position of a row in lists, which need not be the order of its keys. @default by keys */
  readonly position?: (key: string) => string;
};

const keyOf = ({ partitionKey, rowKey }: Keys) => JSON.stringify([partitionKey, rowKey]);
const restError = (statusCode: number, code: string) => new RestError(code, { code, statusCode });

/** What the SDK stores of an entity: no undefined values. */
function columnsOf({ partitionKey, rowKey, ...rest }: Keys & Record<string, unknown>) {
  const given = Object.entries(rest).filter(([, value]) => value !== undefined && value !== null);
  return { ...structuredClone(Object.fromEntries(given)), PartitionKey: partitionKey, RowKey: rowKey };
}

export function createMemoryTable({ now = Date.now, lag = () => 0, position = (key) => key }: Options = {}) {
  const versions = new Map<string, { since: number; row: MemoryRow | undefined }[]>();
  let writes = 0;
  const current = (key: string) => versions.get(key)?.at(-1)?.row;
  function put(key: string, columns: MemoryRow["columns"] | undefined) {
    const etag = `W/"datetime'2000-01-01T00%3A00%3A00.${String(++writes).padStart(7, "0")}Z'"`;
    const row = columns && { etag, columns };
    versions.set(key, [...(versions.get(key) ?? []), { since: now(), row }]);
    return { etag };
  }
  /** @throws 404 when the row does not exist, 412 when it has another ETag */
  function check(key: string, etag: string) {
    const row = current(key);
    if (!row) throw restError(404, "ResourceNotFound");
    if (etag !== "*" && etag !== row.etag) throw restError(412, "UpdateConditionNotSatisfied");
  }
  function read(key: string, at: number) {
    return versions.get(key)?.findLast(({ since }) => since <= at)?.row;
  }
  function asEntity({ etag, columns }: MemoryRow, select?: readonly string[]) {
    const { PartitionKey: partitionKey, RowKey: rowKey, ...rest } = structuredClone(columns);
    const all: Record<string, unknown> = { ...rest, PartitionKey: partitionKey, RowKey: rowKey };
    if (!select) return { ...rest, partitionKey, rowKey, etag };
    const { PartitionKey, RowKey, ...others } = Object.fromEntries(select.map((name) => [name, all[name]]));
    return { ...others, partitionKey: PartitionKey, rowKey: RowKey, etag };
  }

  function connect(send: Send): TableClient {
    const client = {
      getEntity: (partitionKey: string, rowKey: string) =>
        send(() => {
          const row = read(keyOf({ partitionKey, rowKey }), now() - lag());
          if (!row) throw restError(404, "ResourceNotFound");
          return asEntity(row);
        }),
      createEntity(entity: TableEntity) {
        const columns = columnsOf(entity);
        return send(() => {
          const key = keyOf(entity);
          if (current(key)) throw restError(409, "EntityAlreadyExists");
          return put(key, columns);
        });
      },
      updateEntity(entity: TableEntity, mode: string, { etag = "*" } = {}) {
        if (mode !== "Replace") throw new Error(`Only Replace, received ${mode}`);
        const columns = columnsOf(entity);
        return send(() => {
          check(keyOf(entity), etag);
          return put(keyOf(entity), columns);
        });
      },
      upsertEntity(entity: TableEntity, mode: string) {
        if (mode !== "Replace") throw new Error(`Only Replace, received ${mode}`);
        const columns = columnsOf(entity);
        return send(() => put(keyOf(entity), columns));
      },
      deleteEntity: (partitionKey: string, rowKey: string, { etag = "*" } = {}) =>
        send(() => {
          const key = keyOf({ partitionKey, rowKey });
          check(key, etag);
          put(key, undefined);
        }),
      listEntities({ queryOptions = {} }: { queryOptions?: { filter?: string; select?: string[] } } = {}) {
        const { filter, select } = queryOptions;
        const matches = filter === undefined ? () => true : parseFilter(filter);
        const page = (after: string | undefined, size: number) =>
          send(() => {
            const at = now() - lag();
            const found = [...versions.keys()]
              .map((key) => ({ place: position(key), row: read(key, at) }))
              .filter(({ place, row }) => row && matches(row.columns) && (after === undefined || place > after))
              .sort((a, b) => (a.place < b.place ? -1 : 1));
            const rows = found.slice(0, size);
            const continuationToken = found.length > size ? rows.at(-1)?.place : undefined;
            const entities = rows.flatMap(({ row }) => (row ? asEntity(row, select) : []));
            return Object.assign(entities, { continuationToken });
          });
        async function* byPage({ maxPageSize = 1_000, continuationToken: token = "" } = {}) {
          let after = token || undefined;
          do {
            const found = await page(after, maxPageSize);
            after = found.continuationToken;
            yield found;
          } while (after !== undefined);
        }
        async function* each() {
          for await (const found of byPage()) yield* found;
        }
        return Object.assign(each(), { byPage });
      },
    };
    return client as unknown as TableClient;
  }

  return {
    connect,
    /** The current rows, by no order that means anything. */
    rows: () => [...versions.keys()].flatMap((key) => current(key) ?? []),
    /** All versions of all rows, also of removed ones. */
    history: () => [...versions.values()].flatMap((rows) => rows.flatMap(({ row }) => row ?? [])),
    /** Removes rows, by default all, as a table does that is restored to an earlier time. */
    lose(isLost: (row: MemoryRow) => boolean = () => true) {
      for (const key of versions.keys()) {
        const row = current(key);
        if (row && isLost(row)) put(key, undefined);
      }
    },
  };
}
