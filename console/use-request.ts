// A request of a view: loading, failed or done, and how to send it again.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export type Request<T> = {
  readonly data: T | undefined;
  readonly error: Error | undefined;
  readonly isLoading: boolean;
  reload(): void;
  set(data: T): void;
};

/** Sends it when the view opens, and again when `key` changes. A response to an earlier key is ignored. */
export function useRequest<T>(load: () => Promise<T>, key = ""): Request<T> {
  const [state, setState] = useState<{ data?: T; error?: Error; isLoading: boolean }>({ isLoading: true });
  const latest = useRef(0);
  const current = useRef(load);
  current.current = load;
  const reload = useCallback(() => {
    latest.current += 1;
    const number = latest.current;
    setState(({ data }) => ({ ...(data !== undefined && { data }), isLoading: true }));
    current.current().then(
      (data) => number === latest.current && setState({ data, isLoading: false }),
      (error: Error) => number === latest.current && setState({ error, isLoading: false }),
    );
  }, []);
  useEffect(() => {
    setState({ isLoading: true });
    reload();
    return () => {
      latest.current += 1;
    };
  }, [key]);
  const set = useCallback((data: T) => setState({ data, isLoading: false }), []);
  return { data: state.data, error: state.error, isLoading: state.isLoading, reload, set };
}

/** An action of the user, such as a click: whether it runs, and its last error. */
export function useAction(): {
  readonly isRunning: boolean;
  readonly error: Error | undefined;
  run(action: () => Promise<unknown>): Promise<void>;
} {
  const [state, setState] = useState<{ isRunning: boolean; error?: Error }>({ isRunning: false });
  const isMounted = useRef(true);
  useEffect(
    () => () => {
      isMounted.current = false;
    },
    [],
  );
  const run = useCallback(async (action: () => Promise<unknown>) => {
    setState({ isRunning: true });
    try {
      await action();
      if (isMounted.current) setState({ isRunning: false });
    } catch (error) {
      if (isMounted.current) setState({ isRunning: false, error: error as Error });
    }
  }, []);
  return { isRunning: state.isRunning, error: state.error, run };
}
