import type * as ec2 from "aws-cdk-lib/aws-ec2";
import type * as ecs from "aws-cdk-lib/aws-ecs";
import type * as secrets from "aws-cdk-lib/aws-secretsmanager";

/*
 * CDK's classes implement its interfaces, but were compiled without `exactOptionalPropertyTypes`: a getter of type
 * `X | undefined` in the class is not assignable to the optional `X` of the interface. That is the only difference.
 */

export function asVpc(vpc: ec2.Vpc): ec2.IVpc {
  return vpc as ec2.IVpc;
}

export function asCluster(cluster: ecs.Cluster): ecs.ICluster {
  return cluster as ecs.ICluster;
}

export function asSecret(secret: secrets.Secret): secrets.ISecret {
  return secret as secrets.ISecret;
}
