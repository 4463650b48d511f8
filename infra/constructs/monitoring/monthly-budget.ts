import * as budgets from "aws-cdk-lib/aws-budgets";
import { Construct } from "constructs";
import type { Notices } from "#infra/constructs/monitoring/notices.ts";
import { PREFIX } from "#libs/contracts/names.ts";

export interface MonthlyBudgetProps {
  readonly notices: Notices;
  readonly limitUsd: number;
}

/**
 * Notifies when 80 % of the month's budget is spent, or when the forecast exceeds it. It covers the whole account:
 * a filter by tag matches nothing until the tag is activated for cost allocation.
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
    // The topic must allow the budget to publish before the budget is created.
    budget.node.addDependency(props.notices.policy);
  }
}
