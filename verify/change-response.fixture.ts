// What a broken deployment changes in a response: the parts that defects are made of.
import type { Breakage, Exchange, HttpResponse } from "./broken-deployment.fixture.ts";

export type Row = readonly [defect: string, check: string, breakage: Breakage];
export type Change = (call: Exchange) => ReturnType<Breakage>;

export const at =
  (path: string, change: Change, method = "GET"): Breakage =>
  (call) =>
    call.path === path && call.method === method ? change(call) : undefined;

type Body = Record<string, unknown> & { error: object };
/** Changes the JSON of the response. */
export const json = ({ response }: Exchange, change: (body: Body) => unknown) => ({
  body: JSON.stringify(change(JSON.parse(response.body.toString()))),
});
export const headers = ({ response }: Exchange, changed: Record<string, string>) => ({
  headers: { ...response.headers, ...changed },
});
export function without({ response }: Exchange, name: string): Partial<HttpResponse> {
  const { [name]: _, ...rest } = response.headers;
  return { headers: rest };
}
