import { describe, expect, it } from "vitest";
import { reduceTemplate } from "#infra/emulator/reduce-template.ts";

const template = {
  Parameters: { BootstrapVersion: { Type: "String" } },
  Resources: {
    Broker: { Type: "AWS::AmazonMQ::Broker", Properties: { BrokerName: "b" } },
    Task: {
      Type: "AWS::ECS::TaskDefinition",
      DependsOn: ["Broker", "Role"],
      Properties: {
        Host: { "Fn::Select": [0, { "Fn::GetAtt": ["Broker", "AmqpEndpoints"] }] },
        Role: { "Fn::GetAtt": ["Role", "Arn"] },
        Broker: { Ref: "Broker" },
      },
    },
    Role: { Type: "AWS::IAM::Role", DependsOn: "Broker" },
  },
  Outputs: { Console: { Value: { "Fn::Select": [0, { "Fn::GetAtt": ["Broker", "ConsoleURLs"] }] } } },
};

describe("a template for an emulator", () => {
  const { template: reduced, leftOut } = reduceTemplate(template, new Set(["AWS::AmazonMQ::Broker"]));

  it("lacks what the emulator does not make, and counts it", () => {
    expect(Object.keys(reduced.Resources)).toEqual(["Task", "Role"]);
    expect([...leftOut]).toEqual([["AWS::AmazonMQ::Broker", 1]]);
  });

  it("refers to nothing that is not there", () => {
    expect(JSON.stringify(reduced)).not.toMatch(/"Ref":"Broker"|\["Broker"/);
  });

  it("keeps the shape of what was referred to, for it is taken apart", () => {
    expect(reduced.Resources.Task).toMatchObject({
      Properties: { Host: { "Fn::Select": [0, ["amqps://broker.invalid:5671"]] } },
    });
    expect(reduced.Outputs).toEqual({
      Console: { Value: { "Fn::Select": [0, ["https://broker.invalid"]] } },
    });
  });

  it("keeps everything else to the letter", () => {
    expect(reduced.Resources.Task).toMatchObject({
      DependsOn: ["Role"],
      Properties: { Role: { "Fn::GetAtt": ["Role", "Arn"] } },
    });
    expect(reduced.Resources.Role).toEqual({ Type: "AWS::IAM::Role" });
    expect(reduced.Parameters).toEqual(template.Parameters);
  });
});
