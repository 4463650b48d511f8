import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import { RemovalPolicy } from "aws-cdk-lib/core";
import { Construct } from "constructs";
import { PREFIX } from "#libs/contracts/names.ts";
import { TABLES, type TableDefinition, type TableKey } from "#libs/contracts/tables.ts";

export interface TablesProps {
  /** The maximum write units per second of each table; undefined: DynamoDB's limit. */
  readonly maxWriteUnits: number | undefined;
}

/** A table with its definition: grants name its indexes one by one. */
export interface DeployedTable {
  readonly definition: TableDefinition;
  readonly table: dynamodb.Table;
}

const ATTRIBUTE_TYPES = { S: dynamodb.AttributeType.STRING, N: dynamodb.AttributeType.NUMBER } as const;

function keys(key: TableKey) {
  const attribute = (part: TableKey["partition"]) => ({ name: part.name, type: ATTRIBUTE_TYPES[part.type] });
  return {
    partitionKey: attribute(key.partition),
    ...(key.sort === undefined ? {} : { sortKey: attribute(key.sort) }),
  };
}

/** The tables of libs/contracts/tables.ts. They are retained when the stack is deleted. */
export class Tables extends Construct {
  readonly all: readonly DeployedTable[];

  constructor(scope: Construct, id: string, props: TablesProps) {
    super(scope, id);
    const make = (definition: TableDefinition): DeployedTable => {
      const table = new dynamodb.Table(this, definition.name.slice(PREFIX.length + 1), {
        tableName: definition.name,
        ...keys(definition.key),
        billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
        ...(props.maxWriteUnits === undefined ? {} : { maxWriteRequestUnits: props.maxWriteUnits }),
        timeToLiveAttribute: definition.ttlAttribute,
        stream: dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
        pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
        encryption: dynamodb.TableEncryption.DEFAULT,
        removalPolicy: RemovalPolicy.RETAIN,
      });
      for (const [indexName, key] of Object.entries(definition.indexes)) {
        table.addGlobalSecondaryIndex({
          indexName,
          ...keys(key),
          projectionType: dynamodb.ProjectionType.ALL,
        });
      }
      return { definition, table };
    };
    this.all = TABLES.map(make);
  }

  /** The deployed table of a definition. */
  of(definition: TableDefinition): DeployedTable {
    const found = this.all.find((table) => table.definition.name === definition.name);
    if (found === undefined) throw new Error(`${definition.name} is not among the tables of the stack`);
    return found;
  }
}
