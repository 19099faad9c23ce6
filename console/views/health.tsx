// Whether the app and what it depends on work, and which version runs.
import { call } from "../account.ts";
import { ApiError } from "../api-error.ts";
import type { Output } from "../operations.ts";
import { Loaded } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { useRequest } from "../use-request.ts";

type Readiness = Output<"health-ready">;

const PURPOSES: Readonly<Record<keyof Readiness["dependencies"], string>> = {
  tables: "Counts visits, finds images and users",
  blobs: "Stores, resizes and links images",
  vault: "Signs and verifies tokens",
};

/** A dependency that is down is no failure of the request: its 503 has the same fields. */
async function readReadiness(): Promise<Readiness> {
  try {
    return (await call("health-ready")).data;
  } catch (error) {
    const down = error instanceof ApiError ? (error.body as Partial<Readiness> | undefined) : undefined;
    if (down?.dependencies) return down as Readiness;
    throw error;
  }
}

export function HealthView() {
  const readiness = useRequest(readReadiness);
  const version = useRequest(async () => (await call("health")).data);
  return (
    <>
      <div class="view-head">
        <h1 tabIndex={-1}>Health</h1>
        <button type="button" class="button" disabled={readiness.isLoading} onClick={readiness.reload}>
          Check again
        </button>
      </div>
      <Loaded request={readiness} label="Checking the dependencies">
        {({ dependencies, status, warnings = [] }) => (
          <>
            <div class={`notice ${status === "ok" ? "good" : "error"}`} role="status">
              <p>{status === "ok" ? "Everything works." : "Not everything works."}</p>
            </div>
            {warnings.map((warning) => (
              <div class="notice warning" key={warning}>
                <p>{warning}</p>
              </div>
            ))}
            <Table caption="Dependencies" head={["Service", "For", "State", "Latency"]} numbers={[3]}>
              {Object.entries(dependencies).map(([name, { latencyMs, status }]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td>{PURPOSES[name as keyof typeof PURPOSES]}</td>
                  <td>
                    <span class={`badge ${status === "up" ? "good" : "bad"}`}>{status === "up" ? "Up" : "Down"}</span>
                  </td>
                  <td class="number">{Math.round(latencyMs)} ms</td>
                </tr>
              ))}
            </Table>
          </>
        )}
      </Loaded>
      <Loaded request={version} label="Loading the version">
        {({ commit, name, version: number }) => (
          <dl class="facts">
            <div>
              <dt>Version</dt>
              <dd>
                {name} {number}
              </dd>
            </div>
            <div>
              <dt>Commit</dt>
              <dd>
                <code>{commit}</code>
              </dd>
            </div>
          </dl>
        )}
      </Loaded>
    </>
  );
}
