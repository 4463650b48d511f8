import type * as ecs from "aws-cdk-lib/aws-ecs";
import { Duration } from "aws-cdk-lib/core";

/**
 * Healthy while the process is connected to the broker (see Dockerfile.analyzer, whose HEALTHCHECK runs the same file;
 * ECS ignores that one). A worker that has lost the broker reconnects by itself, so it has five minutes before it is
 * replaced.
 */
export function brokerHealthCheck(): ecs.HealthCheck {
  return {
    command: ["CMD", "node", "/app/health.mjs"],
    interval: Duration.seconds(30),
    timeout: Duration.seconds(5),
    retries: 10,
    startPeriod: Duration.seconds(60),
  };
}
