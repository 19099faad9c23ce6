// npm run released-settings: keeps what the code here reads as what is released. After a release, in the next change.
import { writeFileSync } from "node:fs";
import { describeSettings, RELEASED } from "./settings-compatibility.ts";

writeFileSync(RELEASED, `${JSON.stringify(describeSettings(), null, 2)}\n`);
process.stdout.write(`Wrote ${RELEASED}.\n`);
