import type { TaskProtection } from "#libs/runtime/task-protection.ts";
import type { Middleware } from "./middleware.ts";

/** Protects the task from scale-in while a message is unacknowledged. */
export function withTaskProtection<T>(protection: TaskProtection): Middleware<T> {
  return (next) => async (delivery) => {
    protection.begin();
    try {
      return await next(delivery);
    } finally {
      protection.end();
    }
  };
}
