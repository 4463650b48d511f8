/** The variables a process was started with: the only file that reads `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

export function processEnvironment(): Environment {
  return process.env;
}

/** The AWS SDK's warning about old Node versions is for developers; between log lines it is noise. */
export function silenceSdkVersionNote(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
}
