import { describe, expect, it } from "vitest";
import { parseBrokerUrl } from "#libs/queue/rabbitmq/broker-url.ts";

describe("broker URL", () => {
  it.each([
    ["amqp://localhost", "localhost", 5672, "guest", "guest", "", "amqp://localhost:5672/"],
    ["amqps://b.example", "b.example", 5671, "guest", "guest", "", "amqps://b.example:5671/"],
    [
      "amqp://u:p%40ss%2F@h:1234/my%2Fvhost",
      "h",
      1234,
      "u",
      "p@ss/",
      "my%2Fvhost",
      "amqp://h:1234/my%2Fvhost",
    ],
    ["amqp://u:p@[::1]:5673/v", "::1", 5673, "u", "p", "v", "amqp://[::1]:5673/v"],
  ])("takes %s apart", (url, hostname, port, username, password, vhost, shown) => {
    const address = parseBrokerUrl(url);
    expect(address.connect).toMatchObject({ hostname, port, username, password, vhost });
    expect(address.shown).toBe(shown);
  });

  it.each([
    ["http://user:hunter2@h", /amqp/],
    ["amqp://user:hunter2@", /amqp/],
    ["user:hunter2", /amqp/],
    ["amqp://user:hunter2%@h", /%25/],
    ["amqp://user:hunter2@h:99999", /amqp/],
    ["amqp://user:12#hunter2@h", /%23/],
    ["amqp://user:12#hunter2@h:5672/vhost", /%23/],
    ["amqp://user:hunter2@h/vhost#", /%23/],
    ["amqp://user:12?hunter2@h", /%3F/],
    ["amqp://user:hunter2@h/?heartbeat=10", /%3F/],
    ["amqp://user:12/hunter2@h", /%2F/],
    ["amqp://user:12/hunter2@h/vhost", /%2F/],
    ["amqp://user:hun@ter/2@h", /%2F/],
  ])("refuses %s with the remedy and without the password", (url, remedy) => {
    let thrown: unknown;
    try {
      parseBrokerUrl(url);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: "QueueError", message: expect.stringMatching(remedy) });
    expect(thrown).not.toHaveProperty("cause");
    expect(String(thrown)).not.toContain("hunter2");
  });
});
