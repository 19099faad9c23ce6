// Runs a part of a bench in a child process, so that the load does not share a thread with what is measured.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export type Child<Request, Response> = {
  /** One request at a time. Rejects with the error of the child. */
  call(request: Request): Promise<Response>;
  end(): Promise<void>;
};

type Message<Response> = { readonly response: Response } | { readonly error: string };

/** @param file main file of the child, which calls `serveParent` */
export function startChild<Request extends object, Response>(
  file: URL,
  { env = {}, args = [] }: { env?: Readonly<Record<string, string>>; args?: readonly string[] } = {},
): Child<Request, Response> {
  // Without execArgv, because this process has already checked the version of Node.js.
  const child = fork(fileURLToPath(file), args, { env, execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const exited = once(child, "exit");
  return {
    async call(request) {
      const received = once(child, "message");
      child.send(request);
      const failed = exited.then(([code]) => {
        throw new Error(`${file.pathname} ended with code ${code}`);
      });
      const [message] = (await Promise.race([received, failed])) as [Message<Response>];
      if ("error" in message) throw new Error(message.error);
      return message.response;
    },
    async end() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

/** In the child: handles each request, and ends with the parent process. */
export function serveParent<Request, Response>(
  handle: (request: Request) => Promise<Response>,
  end: () => unknown = () => undefined,
): void {
  process.on("message", (request) => {
    handle(request as Request).then(
      (response) => process.send?.({ response }),
      (error) => process.send?.({ error: String(error?.stack ?? error) }),
    );
  });
  process.on("disconnect", async () => {
    await end();
    process.exit(0);
  });
}
