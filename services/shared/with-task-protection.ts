import type { Handler } from "#libs/queue/queue.ts";
import type { TaskProtection } from "#libs/runtime/task-protection.ts";

/** The same handler, with the task protected from scale-in while it processes a message. */
export function withTaskProtection<T>(handler: Handler<T>, protection: TaskProtection): Handler<T> {
  return async (delivery) => {
    protection.begin();
    try {
      return await handler(delivery);
    } finally {
      protection.end();
    }
  };
}
