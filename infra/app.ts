import { makeApp } from "#infra/make-app.ts";
import { workTreeRevision } from "#infra/revision.ts";
import { SettingsError } from "#infra/settings.ts";

try {
  makeApp({ codeVersion: workTreeRevision() }).app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  // A wrong setting is the caller's: the message says all there is, a stack trace would bury it.
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
