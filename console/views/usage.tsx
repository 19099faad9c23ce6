// What the caller's images take: in all, by retention, by month.
import { call } from "../account.ts";
import { formatBytes, formatNumber, formatTime } from "../format.ts";
import type { Output } from "../operations.ts";
import { Empty, Loaded } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { useRequest } from "../use-request.ts";

type Usage = Output<"image-usage">;
type Counts = Usage["byRetention"]["keep"];

const RETENTIONS = [
  ["90", "90 days"],
  ["180", "180 days"],
  ["365", "A year"],
  ["keep", "As long as you want"],
] as const;

const HEAD = ["Images", "Originals", "Variants", "Variants take"] as const;

function Cells({ bytes, images, variantBytes, variants }: Counts) {
  return (
    <>
      <td class="number">{formatNumber(images)}</td>
      <td class="number">{formatBytes(bytes)}</td>
      <td class="number">{formatNumber(variants)}</td>
      <td class="number">{formatBytes(variantBytes)}</td>
    </>
  );
}

function Totals({ bytes, images, variantBytes, variants }: Counts) {
  const totals = [
    ["Images", formatNumber(images), `${formatNumber(variants)} variants`],
    ["Storage", formatBytes(bytes + variantBytes), `${formatBytes(bytes)} of originals`],
  ] as const;
  return (
    <ul class="pages" aria-label="In all">
      {totals.map(([name, value, detail]) => (
        <li class="page-card" key={name}>
          <span class="page-name">{name}</span>
          <span class="page-count">{value}</span>
          <span class="hint">{detail}</span>
        </li>
      ))}
    </ul>
  );
}

function Counted({ months, ...usage }: Usage) {
  return (
    <>
      <Totals {...usage} />
      <p class="hint">
        As of {formatTime(usage.asOf)}. What has changed since is counted within the hour. Old versions that the storage
        keeps for a while are not included.
      </p>
      <h2>By retention</h2>
      <Table caption="By retention" head={["Kept for", ...HEAD]} numbers={[1, 2, 3, 4]}>
        {RETENTIONS.map(([retention, label]) => (
          <tr key={retention}>
            <th scope="row">{label}</th>
            <Cells {...usage.byRetention[retention]} />
          </tr>
        ))}
      </Table>
      <h2>By month of upload</h2>
      <Table caption="By month" head={["Month", ...HEAD]} numbers={[1, 2, 3, 4]}>
        {months.map(({ month, ...counts }) => (
          <tr key={month}>
            <th scope="row">{month}</th>
            <Cells {...counts} />
          </tr>
        ))}
      </Table>
    </>
  );
}

export function UsageView() {
  const request = useRequest(async () => (await call("image-usage")).data);
  return (
    <>
      <h1 tabIndex={-1}>Usage</h1>
      <Loaded request={request} label="Loading the usage">
        {(usage) =>
          usage.months.length === 0 ? (
            <Empty title="Nothing is counted yet">
              <p>Your images are counted within an hour.</p>
            </Empty>
          ) : (
            <Counted {...usage} />
          )
        }
      </Loaded>
    </>
  );
}
