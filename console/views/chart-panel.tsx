// The chart of a history. Its library loads with the first chart; the table next to it has the same numbers.
import { useEffect, useRef, useState } from "preact/hooks";
import { ErrorNotice } from "../ui/states.tsx";
import type { Period } from "./periods.ts";

type Draw = typeof import("./chart.ts")["drawChart"];

export function Chart({ periods }: { periods: readonly Period[] }) {
  const box = useRef<HTMLDivElement>(null);
  const [draw, setDraw] = useState<{ chart: Draw } | undefined>();
  const [error, setError] = useState<Error | undefined>();
  useEffect(() => {
    import("./chart.ts").then(
      ({ drawChart }) => setDraw({ chart: drawChart }),
      () => setError(new Error("The chart could not be loaded. The table has its numbers.")),
    );
  }, []);
  useEffect(() => (draw && box.current ? draw.chart(box.current, periods) : undefined), [draw, periods]);
  if (error) return <ErrorNotice error={error} />;
  return <div class="chart" ref={box} aria-hidden="true" />;
}
