import { workTreeRevision } from "#infra/config/revision.ts";
import { SettingsError } from "#infra/config/settings.ts";
import { makeApp } from "#infra/make-app.ts";

try {
  makeApp({ codeVersion: workTreeRevision() }).app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  // An invalid setting is a user error: the message is sufficient, and a stack trace would bury it.
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
