// What a view shows while a request runs, when it fails, and when there is nothing.
import type { ComponentChildren } from "preact";
import { ApiError } from "../api-error.ts";
import type { Request } from "../use-request.ts";

export function Loading({ label = "Loading" }: { label?: string }) {
  return (
    <p class="loading" role="status">
      <span class="spinner" aria-hidden="true" />
      {label}
    </p>
  );
}

/** An error with what helps to report it. */
export function ErrorNotice({ error, onRetry }: { error: Error; onRetry?: (() => void) | undefined }) {
  const traceId = error instanceof ApiError ? error.traceId : undefined;
  return (
    <div class="notice error" role="alert">
      <p>{error.message}</p>
      {traceId && <p class="detail">Trace id {traceId}</p>}
      {onRetry && (
        <button type="button" class="button small" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

type LoadedProps<T> = {
  request: Request<T>;
  /** Of what is loaded, such as "Loading the users". */
  label: string;
  children: (data: T) => ComponentChildren;
};

/** The data of a request, or its state. Data stay visible while they load again. */
export function Loaded<T>({ request, label, children }: LoadedProps<T>) {
  const { data, error, isLoading, reload } = request;
  return (
    <>
      {error && <ErrorNotice error={error} onRetry={reload} />}
      {data === undefined && isLoading && <Loading label={label} />}
      {data !== undefined && children(data)}
    </>
  );
}
