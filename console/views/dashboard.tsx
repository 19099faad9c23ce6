// The visits: numbers of every page, and the history of one as a chart, a table, and its busiest days.
import { call } from "../account.ts";
import { formatNumber } from "../format.ts";
import type { Output } from "../operations.ts";
import { Select } from "../ui/field.tsx";
import { Loaded } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { useRequest } from "../use-request.ts";
import { Chart } from "./chart-panel.tsx";
import { OwnerLinks } from "./owner-links.tsx";
import { type Period, periodsOf, topDays } from "./periods.ts";

type Page = Output<"visitor-pages">["pages"][number];
type By = "day" | "week" | "month";

/** Days of the history for each unit: about as many periods as a chart shows well. */
const DAYS: Readonly<Record<By, number>> = { day: 30, week: 182, month: 400 };
const UNITS = [
  ["day", "By day"],
  ["week", "By week"],
  ["month", "By month"],
] as const;

/** In the address, so that the browser goes back to what it showed. */
const show = (page: string, by: By) => {
  location.hash = `#/dashboard?page=${encodeURIComponent(page)}&by=${by}`;
};

function Pages({ pages, current, by }: { pages: readonly Page[]; current: string; by: By }) {
  return (
    <ul class="pages" aria-label="Pages">
      {pages.map(({ count, page, today }) => (
        <li key={page}>
          <a
            class="page-card"
            href={`#/dashboard?page=${encodeURIComponent(page)}&by=${by}`}
            aria-current={page === current ? "true" : undefined}
          >
            <span class="page-name">{page}</span>
            <span class="page-count">{formatNumber(count)}</span>
            <span class="hint">{formatNumber(today)} today</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

const orUnknown = (value: number | null) => (value === null ? "–" : formatNumber(value));

function HistoryTable({ by, periods }: { by: By; periods: readonly Period[] }) {
  const hasUniques = periods.some(({ uniques }) => uniques !== null);
  return (
    <details class="panel">
      <summary>The numbers as a table</summary>
      <Table
        caption={`Visits by ${by}`}
        head={[UNITS.find(([unit]) => unit === by)?.[1].slice(3) ?? by, "Visits", ...(hasUniques ? ["Uniques"] : [])]}
        numbers={[1, 2]}
      >
        {periods.toReversed().map(({ label, uniques, visits }) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            <td class="number">{formatNumber(visits)}</td>
            {hasUniques && <td class="number">{orUnknown(uniques)}</td>}
          </tr>
        ))}
      </Table>
    </details>
  );
}

function TopDays({ page }: { page: string }) {
  const request = useRequest(async () => {
    const { data } = await call("visitor-history", { params: { page }, query: { days: DAYS.month, by: "day" } });
    return topDays(periodsOf(data));
  }, page);
  return (
    <section class="panel" aria-labelledby="top-days">
      <h2 id="top-days">Busiest days</h2>
      <Loaded request={request} label="Loading the busiest days">
        {(days) =>
          days.length === 0 ? (
            <p class="hint">No day had a visit yet.</p>
          ) : (
            <ol class="top-days">
              {days.map(({ label, visits }) => (
                <li key={label}>
                  <span>{label}</span>
                  <strong>{formatNumber(visits)}</strong>
                </li>
              ))}
            </ol>
          )
        }
      </Loaded>
    </section>
  );
}

function History({ page, by }: { page: string; by: By }) {
  const request = useRequest(
    async () => (await call("visitor-history", { params: { page }, query: { days: DAYS[by], by } })).data,
    `${page} ${by}`,
  );
  return (
    <>
      <section class="panel" aria-labelledby="history">
        <div class="panel-head">
          <h2 id="history">Visits of {page}</h2>
          <Select label="Period" value={by} options={UNITS} onChange={(next) => show(page, next)} />
        </div>
        <Loaded request={request} label="Loading the visits">
          {(data) => (
            <>
              <Chart periods={periodsOf(data)} />
              <p class="hint">
                Days begin at midnight in the time zone {data.timeZone}.
                {by !== "day" && " Uniques are the sum of the days: a visitor of two days counts twice."}
              </p>
            </>
          )}
        </Loaded>
      </section>
      {request.data && <HistoryTable by={by} periods={periodsOf(request.data)} />}
    </>
  );
}

export function DashboardView({ params }: { params: URLSearchParams }) {
  const request = useRequest(async () => (await call("visitor-pages")).data.pages);
  const by = UNITS.find(([unit]) => unit === params.get("by"))?.[0] ?? "day";
  return (
    <>
      <h1 tabIndex={-1}>Visits</h1>
      <Loaded request={request} label="Loading the pages">
        {(pages) => {
          const current = pages.find(({ page }) => page === params.get("page"))?.page ?? pages[0]?.page ?? "";
          return (
            <>
              <Pages pages={pages} current={current} by={by} />
              <History page={current} by={by} />
              <div class="halves">
                <TopDays page={current} />
                <OwnerLinks page={current} />
              </div>
            </>
          );
        }}
      </Loaded>
    </>
  );
}
