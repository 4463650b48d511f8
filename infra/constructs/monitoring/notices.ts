import * as iam from "aws-cdk-lib/aws-iam";
import * as sns from "aws-cdk-lib/aws-sns";
import * as subscriptions from "aws-cdk-lib/aws-sns-subscriptions";
import { Stack } from "aws-cdk-lib/core";
import { Construct, type IConstruct } from "constructs";
import { PREFIX } from "#libs/contracts/names.ts";

/** The topic to which alarms and the budget send. */
export class Notices extends Construct {
  readonly topic: sns.Topic;
  /** What may publish; who is to publish from the start has to wait for it. */
  readonly policy: IConstruct;

  constructor(scope: Construct, id: string, email: string | undefined) {
    super(scope, id);
    this.topic = new sns.Topic(this, "Topic", {
      topicName: `${PREFIX}-alarms`,
      displayName: "Crypto backtest",
      enforceSSL: true,
    });
    // A topic with a policy of its own loses the default one, which let the account's alarms publish.
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
