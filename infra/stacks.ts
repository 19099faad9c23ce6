// Both stacks of a stage, in one app: what the command writes is what the tests read.
import { App } from "cdktf/lib/app.js";
import { EventsStack } from "./events-stack.ts";
import { PlatformStack, type StackProps } from "./platform-stack.ts";

/** @param outdir where synthesis writes, one folder for each stack */
export function createStacks(props: StackProps, outdir: string) {
  const app = new App({ outdir, stackTraces: false, context: {} });
  return { app, platform: new PlatformStack(app, props), events: new EventsStack(app, props) };
}
