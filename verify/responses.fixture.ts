// The response shapes of the API, and a reader for them.

export type PageCount = {
  page: string;
  count: number;
  today: number;
  uniqueToday?: number;
  counted?: boolean;
  reason?: string;
  degraded?: true;
};
export type DropIn = { visitor_counter: number };
export type ErrorBody = { error: { code: string; message: string; trace_id: string } };

/** The JSON of a response, typed but not validated. */
export async function json<T>(response: Response | Promise<Response>): Promise<T> {
  return (await (await response).json()) as T;
}

export type Image = {
  id: string;
  filename: string;
  contentType: string;
  size: number;
  width: number;
  height: number;
  status: "uploading" | "pending" | "ready" | "failed";
  createdAt: string;
  thumbnail?: { width: number; height: number; size: number };
  reason?: string;
};
export type Link = { url: string; imageId: string; variant: string; expiresAt: string };
