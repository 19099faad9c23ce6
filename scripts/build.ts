// npm run build: the bundle, host.json and a package.json that names the entry, in dist/.
import { bundle } from "./bundle.ts";

const { outputs } = await bundle();
const bytes = Object.entries(outputs).reduce((sum, [file, { bytes }]) => (file.endsWith(".js") ? sum + bytes : sum), 0);
process.stdout.write(`dist/: ${Object.keys(outputs).length} files, ${Math.round(bytes / 1024)} KiB of JavaScript\n`);
