import * as mq from "aws-cdk-lib/aws-amazonmq";
import * as secrets from "aws-cdk-lib/aws-secretsmanager";
import { Fn } from "aws-cdk-lib/core";
import { Construct } from "constructs";
import { acknowledge } from "#infra/acknowledge.ts";
import { AMQPS_PORT, type Network } from "#infra/constructs/network/network.ts";
import { PREFIX } from "#libs/contracts/names.ts";

export interface BrokerProps {
  readonly network: Network;
  readonly instanceType: string;
}

/** A private single-instance RabbitMQ broker with generated credentials. */
export class Broker extends Construct {
  readonly name = `${PREFIX}-broker`;
  /** JSON with `username` and `password`. */
  readonly credentials: secrets.Secret;
  readonly host: string;
  readonly port = AMQPS_PORT;
  readonly consoleUrl: string;

  constructor(scope: Construct, id: string, props: BrokerProps) {
    super(scope, id);
    this.credentials = new secrets.Secret(this, "Credentials", {
      secretName: `${PREFIX}/rabbitmq`,
      description: "RabbitMQ user of the services",
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ username: PREFIX }),
        generateStringKey: "password",
        passwordLength: 40,
        // Amazon MQ rejects comma, colon and equals sign; without the rest no client has to escape anything.
        excludePunctuation: true,
      },
    });
    acknowledge(this.credentials, {
      "AwsSolutions-SMG4":
        "Amazon MQ for RabbitMQ sets its user only when the broker is created and does not support rotation by Secrets Manager; the broker accepts connections from the tasks' security group only",
    });

    const [subnetId] = props.network.vpc.selectSubnets(props.network.brokerSubnets).subnetIds;
    if (subnetId === undefined) throw new Error("the VPC has no subnet for the broker");
    const broker = new mq.CfnBroker(this, "Broker", {
      brokerName: this.name,
      engineType: "RABBITMQ",
      engineVersion: "4.2",
      hostInstanceType: props.instanceType,
      deploymentMode: "SINGLE_INSTANCE",
      publiclyAccessible: false,
      autoMinorVersionUpgrade: true,
      maintenanceWindowStartTime: { dayOfWeek: "SUNDAY", timeOfDay: "03:10", timeZone: "UTC" },
      subnetIds: [subnetId],
      securityGroups: [props.network.brokerGroup.securityGroupId],
      logs: { general: true },
      users: [
        {
          username: this.credentials.secretValueFromJson("username").unsafeUnwrap(),
          // A reference that CloudFormation resolves during the deployment: the template contains no password.
          password: this.credentials.secretValueFromJson("password").unsafeUnwrap(),
        },
      ],
    });
    // AmqpEndpoints is ["amqps://b-....mq.<region>.on.aws:5671"]; the suffix differs by the broker's age.
    const authority = Fn.select(1, Fn.split("//", Fn.select(0, broker.attrAmqpEndpoints)));
    this.host = Fn.select(0, Fn.split(":", authority));
    this.consoleUrl = Fn.select(0, broker.attrConsoleUrLs);
  }
}
