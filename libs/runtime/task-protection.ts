import type { Logger } from "./logging.ts";

/** Tells the platform while there is work in hand, so that scaling in takes another, idle task. */
export interface TaskProtection {
  /** Work begins. Does not wait for the platform: without protection work is given back on SIGTERM anyway. */
  begin(): void;
  /** The same piece of work has ended. */
  end(): void;
  /** Gives the protection up and waits for that. */
  close(): Promise<void>;
}

export interface TaskProtectionOptions {
  /** `ECS_AGENT_URI`, which ECS gives to every container; undefined elsewhere: then nothing is protected. */
  readonly agentUri: string | undefined;
  readonly logger: Logger;
  /** How long to stay protected without work, so that a busy queue is not one request a message. */
  readonly idleMs?: number;
}

/** A task that hangs is not protected for ever. */
const EXPIRES_MINUTES = 5;
const RENEW_MS = 2 * 60_000;
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * ECS's scale-in protection, by the agent's endpoint inside the task.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
 */
export function makeTaskProtection(options: TaskProtectionOptions): TaskProtection {
  const { agentUri, logger, idleMs = 10_000 } = options;
  if (agentUri === undefined || agentUri === "") {
    return { begin() {}, end() {}, close: () => Promise.resolve() };
  }
  const endpoint = `${agentUri}/task-protection/v1/state`;
  let working = 0;
  let renewing: NodeJS.Timeout | undefined;
  let idling: NodeJS.Timeout | undefined;
  // One request after another: an answer that comes late must not undo what was asked after it.
  let last: Promise<void> = Promise.resolve();

  const put = (enabled: boolean) => {
    last = last.then(async () => {
      try {
        const answer = await fetch(endpoint, {
          method: "PUT",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({
            ProtectionEnabled: enabled,
            ...(enabled ? { ExpiresInMinutes: EXPIRES_MINUTES } : {}),
          }),
          signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
        });
        if (!answer.ok) logger.warn({ status: answer.status, enabled }, "scale-in protection was refused");
        await answer.body?.cancel();
      } catch (error) {
        // Protection only saves work from being done again: the task goes on without it.
        logger.warn({ err: error, enabled }, "scale-in protection could not be set");
      }
    });
  };
  const release = () => {
    clearTimeout(idling);
    clearInterval(renewing);
    if (renewing !== undefined) put(false);
    renewing = undefined;
  };

  return {
    begin() {
      working += 1;
      clearTimeout(idling);
      if (renewing !== undefined) return;
      put(true);
      renewing = setInterval(() => put(true), RENEW_MS);
      renewing.unref();
    },
    end() {
      working -= 1;
      if (working > 0) return;
      idling = setTimeout(release, idleMs);
      idling.unref();
    },
    async close() {
      release();
      await last;
    },
  };
}
