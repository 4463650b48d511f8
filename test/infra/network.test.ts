import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { makeTemplate } from "#test/infra/synthesized.ts";

const template = makeTemplate();

describe("network", () => {
  it("costs no NAT gateway: tasks have public addresses and no way in", () => {
    template.resourceCountIs("AWS::EC2::NatGateway", 0);
    template.allResourcesProperties("AWS::ECS::Service", {
      NetworkConfiguration: { AwsvpcConfiguration: Match.objectLike({ AssignPublicIp: "ENABLED" }) },
    });
    template.hasResourceProperties("AWS::EC2::SecurityGroup", {
      GroupDescription: Match.stringLikeRegexp("^Tasks"),
      SecurityGroupIngress: Match.absent(),
    });
  });

  it("lets tasks out by HTTPS and AMQPS only", () => {
    template.hasResourceProperties("AWS::EC2::SecurityGroup", {
      GroupDescription: Match.stringLikeRegexp("^Tasks"),
      SecurityGroupEgress: [Match.objectLike({ CidrIp: "0.0.0.0/0", FromPort: 443, ToPort: 443 })],
    });
    template.resourceCountIs("AWS::EC2::SecurityGroupEgress", 1);
    template.hasResourceProperties("AWS::EC2::SecurityGroupEgress", { FromPort: 5671, ToPort: 5671 });
  });

  it("lets the tasks, and nothing else, into the broker", () => {
    template.resourceCountIs("AWS::EC2::SecurityGroupIngress", 1);
    template.hasResourceProperties("AWS::EC2::SecurityGroupIngress", {
      FromPort: 5671,
      ToPort: 5671,
      SourceSecurityGroupId: { "Fn::GetAtt": [Match.stringLikeRegexp("^NetworkTasks"), "GroupId"] },
    });
  });

  it("reaches DynamoDB and S3 through gateway endpoints", () => {
    template.resourceCountIs("AWS::EC2::VPCEndpoint", 2);
    template.allResourcesProperties("AWS::EC2::VPCEndpoint", { VpcEndpointType: "Gateway" });
  });

  it("has one NAT gateway, one fixed address and private tasks with egress nat", () => {
    const nat = makeTemplate({ egress: "nat" });
    nat.resourceCountIs("AWS::EC2::NatGateway", 1);
    nat.resourceCountIs("AWS::EC2::EIP", 1);
    nat.allResourcesProperties("AWS::ECS::Service", {
      NetworkConfiguration: { AwsvpcConfiguration: Match.objectLike({ AssignPublicIp: "DISABLED" }) },
    });
    nat.allResourcesProperties("AWS::Scheduler::Schedule", {
      Target: Match.objectLike({
        EcsParameters: Match.objectLike({
          NetworkConfiguration: { AwsvpcConfiguration: Match.objectLike({ AssignPublicIp: "DISABLED" }) },
        }),
      }),
    });
  });

  it("shares the exchange's limit among all tasks behind the one address", () => {
    const variable = (value: string) =>
      Match.arrayWith([{ Name: "BYBIT_REQUESTS_PER_SECOND", Value: value }]);
    const calls = (settings: Record<string, string>, value: string) =>
      makeTemplate({ egress: "nat", ...settings }).hasResourceProperties("AWS::ECS::TaskDefinition", {
        Family: "crypto-backtest-analyzer",
        ContainerDefinitions: [Match.objectLike({ Environment: variable(value) })],
      });
    calls({}, "5");
    calls({ analyzerMaxTasks: "2", finderMaxTasks: "2" }, "16");
    calls({ BYBIT_REQUESTS_PER_SECOND: "3" }, "3");
  });
});

describe("broker", () => {
  it("is private RabbitMQ 4.2 of one instance in an isolated subnet", () => {
    template.hasResourceProperties("AWS::AmazonMQ::Broker", {
      BrokerName: "crypto-backtest-broker",
      EngineType: "RABBITMQ",
      EngineVersion: "4.2",
      HostInstanceType: "mq.m7g.medium",
      DeploymentMode: "SINGLE_INSTANCE",
      PubliclyAccessible: false,
      SubnetIds: [{ Ref: Match.stringLikeRegexp("brokerSubnet1") }],
    });
  });

  it("has a generated password, which the template does not hold", () => {
    template.hasResourceProperties("AWS::SecretsManager::Secret", {
      GenerateSecretString: Match.objectLike({ GenerateStringKey: "password", PasswordLength: 40 }),
      SecretString: Match.absent(),
    });
    const users = JSON.stringify(template.findResources("AWS::AmazonMQ::Broker"));
    expect(users).toMatch(/resolve:secretsmanager:.*SecretString:password/);
  });
});
