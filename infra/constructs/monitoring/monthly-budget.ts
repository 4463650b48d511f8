import * as budgets from "aws-cdk-lib/aws-budgets";
import { Construct } from "constructs";
import type { Notices } from "#infra/constructs/monitoring/notices.ts";
import { PREFIX } from "#libs/contracts/names.ts";

export interface MonthlyBudgetProps {
  readonly notices: Notices;
  readonly limitUsd: number;
}

/**
 * Tells when 80 % of the month's money is spent or more than all of it is foreseen. It counts the whole account:
 * a filter by tag counts nothing at all until someone activates the tag for cost allocation.
 */
export class MonthlyBudget extends Construct {
  constructor(scope: Construct, id: string, props: MonthlyBudgetProps) {
    super(scope, id);
    const subscribers = [{ subscriptionType: "SNS", address: props.notices.topic.topicArn }];
    const notice = (notificationType: "ACTUAL" | "FORECASTED", threshold: number) => ({
      notification: {
        notificationType,
        comparisonOperator: "GREATER_THAN",
        threshold,
        thresholdType: "PERCENTAGE",
      },
      subscribers,
    });
    const budget = new budgets.CfnBudget(this, "Budget", {
      budget: {
        budgetName: `${PREFIX}-monthly`,
        budgetType: "COST",
        timeUnit: "MONTHLY",
        budgetLimit: { amount: props.limitUsd, unit: "USD" },
      },
      notificationsWithSubscribers: [notice("ACTUAL", 80), notice("FORECASTED", 100)],
    });
    // The topic has to let the budget publish before the budget is made.
    budget.node.addDependency(props.notices.policy);
  }
}
