import { dirname } from "node:path";

/** The variables a process was started with: the only file that reads `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

export function processEnvironment(): Environment {
  return process.env;
}

/** The AWS SDK's warning about old Node versions is for developers; between log lines it is noise. */
export function silenceSdkVersionNote(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
}

/**
 * The folder that a person's relative paths start from. npm runs every script in the folder of its package.json and
 * keeps the folder of the call in INIT_CWD; a process that was not started there by npm has only its own folder.
 */
export function callersFolder(environment: Environment, workingFolder: string = process.cwd()): string {
  const { INIT_CWD: folder, npm_package_json: packageFile } = environment;
  if (folder === undefined || folder === "") return workingFolder;
  const startedByNpm = packageFile === undefined || dirname(packageFile) === workingFolder;
  return startedByNpm ? folder : workingFolder;
}
