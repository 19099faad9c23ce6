// The shapes in which the API answers, and how to read an answer as one.

export type PageCount = { page: string; count: number; today: number; degraded?: true };
export type DropIn = { visitor_counter: number };
export type ErrorBody = { error: { code: string; message: string; trace_id: string } };

/** The answer's JSON, claimed to have a shape; what uses it checks the claim. */
export async function json<T>(answer: Response | Promise<Response>): Promise<T> {
  return (await (await answer).json()) as T;
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
