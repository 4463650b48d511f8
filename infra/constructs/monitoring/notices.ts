import * as iam from "aws-cdk-lib/aws-iam";
import * as sns from "aws-cdk-lib/aws-sns";
import * as subscriptions from "aws-cdk-lib/aws-sns-subscriptions";
import { Stack } from "aws-cdk-lib/core";
import { Construct, type IConstruct } from "constructs";
import { PREFIX } from "#libs/contracts/names.ts";

/** The topic for notifications of alarms and the budget. */
export class Notices extends Construct {
  readonly topic: sns.Topic;
  /** Allows the publishers; a resource that publishes must depend on it. */
  readonly policy: IConstruct;

  constructor(scope: Construct, id: string, email: string | undefined) {
    super(scope, id);
    this.topic = new sns.Topic(this, "Topic", {
      topicName: `${PREFIX}-alarms`,
      displayName: "Crypto backtest",
      enforceSSL: true,
    });
    // A topic with its own policy loses the default policy, which allows the account's alarms to publish.
    for (const service of ["cloudwatch", "budgets"]) {
      this.topic.addToResourcePolicy(
        new iam.PolicyStatement({
          sid: `Allow-${service}`,
          principals: [new iam.ServicePrincipal(`${service}.amazonaws.com`)],
          actions: ["sns:Publish"],
          resources: [this.topic.topicArn],
          conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
        }),
      );
    }
    this.policy = this.topic.node.findChild("Policy");
    if (email !== undefined) this.topic.addSubscription(new subscriptions.EmailSubscription(email));
  }
}
