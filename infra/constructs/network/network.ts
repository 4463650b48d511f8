import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as logs from "aws-cdk-lib/aws-logs";
import { RemovalPolicy } from "aws-cdk-lib/core";
import { Construct } from "constructs";
import type { Settings } from "#infra/config/settings.ts";
import { asVpc } from "#infra/interfaces.ts";
import { PREFIX } from "#libs/contracts/names.ts";

/** RabbitMQ over TLS, the only protocol that Amazon MQ offers for it. */
export const AMQPS_PORT = 5671;

export interface NetworkProps {
  readonly egress: Settings["egress"];
}

/**
 * Two zones. Tasks reach the internet for Bybit and the AWS APIs; nothing on the internet reaches them, because their
 * security group has no inbound rule. Without a NAT gateway (about $43 a month in Seoul) they run in public subnets with
 * their own addresses. The broker runs in isolated subnets; DynamoDB and S3 (image layers) are reached through gateway
 * endpoints, which are free.
 */
export class Network extends Construct {
  readonly vpc: ec2.Vpc;
  readonly taskSubnets: ec2.SubnetSelection;
  readonly brokerSubnets: ec2.SubnetSelection;
  readonly assignPublicIp: boolean;
  readonly taskGroup: ec2.SecurityGroup;
  readonly brokerGroup: ec2.SecurityGroup;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    const nat = props.egress === "nat";
    this.taskSubnets = { subnetType: nat ? ec2.SubnetType.PRIVATE_WITH_EGRESS : ec2.SubnetType.PUBLIC };
    this.brokerSubnets = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
    this.assignPublicIp = !nat;

    this.vpc = new ec2.Vpc(this, "Vpc", {
      vpcName: PREFIX,
      ipAddresses: ec2.IpAddresses.cidr("10.0.0.0/16"),
      maxAzs: 2,
      natGateways: nat ? 1 : 0,
      subnetConfiguration: [
        { name: "public", subnetType: ec2.SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        ...(nat
          ? [{ name: "tasks", subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 24 } as const]
          : []),
        { name: "broker", subnetType: ec2.SubnetType.PRIVATE_ISOLATED, cidrMask: 28 },
      ],
      gatewayEndpoints: {
        DynamoDb: { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB },
        S3: { service: ec2.GatewayVpcEndpointAwsService.S3 },
      },
      // Restricting the default group requires a Lambda function as a custom resource; nothing uses that group.
      restrictDefaultSecurityGroup: false,
      flowLogs: {
        Rejected: {
          trafficType: ec2.FlowLogTrafficType.REJECT,
          destination: ec2.FlowLogDestination.toCloudWatchLogs(
            new logs.LogGroup(this, "FlowLog", {
              logGroupName: `/vpc/${PREFIX}`,
              retention: logs.RetentionDays.THREE_DAYS,
              removalPolicy: RemovalPolicy.DESTROY,
            }),
          ),
        },
      },
    });

    this.taskGroup = new ec2.SecurityGroup(this, "Tasks", {
      vpc: asVpc(this.vpc),
      description: "Tasks: HTTPS to Bybit and AWS, AMQPS to the broker, no inbound traffic",
      allowAllOutbound: false,
    });
    this.brokerGroup = new ec2.SecurityGroup(this, "Broker", {
      vpc: asVpc(this.vpc),
      description: "Broker: AMQPS from the tasks only",
      allowAllOutbound: false,
    });
    this.taskGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(443), "HTTPS to Bybit and AWS");
    this.taskGroup.addEgressRule(this.brokerGroup, ec2.Port.tcp(AMQPS_PORT), "AMQPS to the broker");
    this.brokerGroup.addIngressRule(this.taskGroup, ec2.Port.tcp(AMQPS_PORT), "AMQPS from the tasks");
  }
}
