"use strict";

/*
 * Runs before anything else, on any Node: one that is too old would stop at the first line of syntax that it does
 * not know, with a message that names neither Node nor a remedy. The supported line is stated in package.json.
 */

var oldest = require("../../package.json")
  .engines.node.replace(/[^0-9.]/g, "")
  .split(".")
  .map(Number);
var running = process.versions.node.split(".").map(Number);

if (running[0] < oldest[0] || (running[0] === oldest[0] && running[1] < oldest[1])) {
  process.stderr.write(
    "crypto-backtest needs Node " +
      oldest.join(".") +
      " or newer, and this is " +
      process.versions.node +
      ": install Node " +
      require("fs")
        .readFileSync(__dirname + "/../../.node-version", "utf8")
        .trim() +
      " from https://nodejs.org and run the command again.\n",
  );
  process.exit(2);
}
