import type { Logger } from "./logging.ts";

/** Protects the task from scale-in while it processes messages, so that ECS stops an idle task instead. */
export interface TaskProtection {
  /** Work begins. Does not wait for ECS: without protection the work is returned to the queue on SIGTERM anyway. */
  begin(): void;
  /** The same piece of work has ended. */
  end(): void;
  /** Disables the protection and waits until that is done. */
  close(): Promise<void>;
}

export interface TaskProtectionOptions {
  /** `ECS_AGENT_URI`, which ECS sets in every container; undefined elsewhere, and then nothing is protected. */
  readonly agentUri: string | undefined;
  readonly logger: Logger;
  /** How long to stay protected without work, so that a busy queue does not cost a request per message. */
  readonly idleMs?: number;
}

/** The protection of a hanging task expires. */
const EXPIRES_MINUTES = 5;
const RENEW_MS = 2 * 60_000;
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * ECS scale-in protection, through the agent's endpoint inside the task.
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
  // Requests are sequential: a late one must not undo a later one.
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
        if (!answer.ok)
          logger.warn({ status: answer.status, enabled }, "ECS refused the scale-in protection");
        await answer.body?.cancel();
      } catch (error) {
        // Protection only avoids repeated work: the task continues without it.
        logger.warn({ err: error, enabled }, "could not set the scale-in protection");
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
