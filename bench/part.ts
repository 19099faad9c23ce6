// A part of a bench in a process of its own, so that load and what is loaded do not share a thread: asked over IPC.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export type Part<Question, Answer> = {
  /** One question at a time. Rejects with the part's own message. */
  ask(question: Question): Promise<Answer>;
  end(): Promise<void>;
};

type Reply<Answer> = { readonly answer: Answer } | { readonly failure: string };

/** @param file the part's main file, by its address */
export function startPart<Question extends object, Answer>(
  file: URL,
  { env, args = [] }: { env: Readonly<Record<string, string>>; args?: readonly string[] },
): Part<Question, Answer> {
  // No execArgv: the check of Node's version has been made for this process already.
  const child = fork(fileURLToPath(file), args, { env, execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const exited = once(child, "exit");
  return {
    async ask(question) {
      const replied = once(child, "message");
      child.send(question);
      const died = exited.then(([code]) => {
        throw new Error(`${file.pathname} ended with code ${code}`);
      });
      const [reply] = (await Promise.race([replied, died])) as [Reply<Answer>];
      if ("failure" in reply) throw new Error(reply.failure);
      return reply.answer;
    },
    async end() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

/** In the part: answers each question, and ends with the process that asks. */
export function answerQuestions<Question, Answer>(
  answer: (question: Question) => Promise<Answer>,
  end: () => unknown = () => undefined,
): void {
  process.on("message", (question) => {
    answer(question as Question).then(
      (given) => process.send?.({ answer: given }),
      (error) => process.send?.({ failure: String(error?.stack ?? error) }),
    );
  });
  process.on("disconnect", async () => {
    await end();
    process.exit(0);
  });
}
