// A part: one functions host with the built bundle, as one instance in Azure.
import { startHost } from "../../local/host/host.ts";
import { answerQuestions } from "../part.ts";

/** Environment of the app's process. */
export type HostQuestion = { root: string; env: Record<string, string> };

let close: () => Promise<void> = async () => undefined;

answerQuestions<HostQuestion, string>(
  async ({ root, env }) => {
    const host = await startHost({ root, env, port: 0, log: () => undefined });
    close = host.close;
    return host.url;
  },
  () => close(),
);
