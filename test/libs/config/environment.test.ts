import { describe, expect, it } from "vitest";
import { callersFolder } from "#libs/config/environment.ts";

describe("the folder of the call", () => {
  it.each([
    [
      "npm's, when npm has started the process",
      { INIT_CWD: "/home/me", npm_package_json: "/app/package.json" },
      "/home/me",
    ],
    ["npm's, when it names no package", { INIT_CWD: "/home/me" }, "/home/me"],
    ["the working folder without npm", {}, "/app"],
    [
      "the working folder below a script of another package",
      { INIT_CWD: "/x", npm_package_json: "/x/package.json" },
      "/app",
    ],
    ["the working folder when npm's is empty", { INIT_CWD: "" }, "/app"],
  ])("is %s", (_, environment, folder) => {
    expect(callersFolder(environment, "/app")).toBe(folder);
  });
});
