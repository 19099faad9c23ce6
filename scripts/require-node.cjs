// Runs before every script, in JavaScript that any Node.js can parse. Reports what is missing in one line, without a stack.
const { devDependencies } = require("../package.json");

const required = Number.parseInt(devDependencies.node, 10);
const found = Number.parseInt(process.versions.node, 10);

function stop(line) {
  process.stderr.write(`${line}\n`);
  process.exit(1);
}

try {
  require.resolve("@azure/functions");
  require.resolve("azurite/package.json");
} catch {
  stop("Dependencies are missing: node_modules is absent or incomplete. Run: npm ci");
}
if (found < required)
  stop(
    `Node.js ${required} or newer is required, found ${process.versions.node} (${process.execPath}). ` +
      `Run this through npm: npm ci installs Node.js ${devDependencies.node}, and npm scripts find it first.`,
  );
