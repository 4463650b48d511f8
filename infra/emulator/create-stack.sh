#!/bin/bash
# Creates the synthesized stack in an emulator, as far as it supports the resources, and lists what it left out.
#   pip install 'moto[server]==5.2.5' && moto_server -p 5000
#   AWS_ENDPOINT_URL=http://127.0.0.1:5000 infra/emulator/create-stack.sh
# Needs the AWS CLI. Refuses to run without AWS_ENDPOINT_URL: this is not the way to deploy.
set -euo pipefail
: "${AWS_ENDPOINT_URL:?set AWS_ENDPOINT_URL to the emulator, for example http://127.0.0.1:5000}"
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_PAGER=
export AWS_DEFAULT_REGION=${AWS_REGION:-ap-northeast-2}
cd "$(dirname "$0")/../.."
reduced=$(mktemp)
trap 'rm -f "$reduced"' EXIT

npx cdk synth --quiet "$@"
npx tsx infra/emulator/moto.ts cdk.out/crypto-backtest.template.json "$reduced"
# The version parameter of `cdk bootstrap`, and a bucket for a template of more than 51,200 bytes.
aws ssm put-parameter --name /cdk-bootstrap/hnb659fds/version --value 21 --type String --overwrite > /dev/null
aws s3api create-bucket --bucket crypto-backtest-template --create-bucket-configuration \
  "LocationConstraint=$AWS_DEFAULT_REGION" > /dev/null
aws s3api put-object --bucket crypto-backtest-template --key template.json --body "$reduced" > /dev/null
aws cloudformation create-stack --stack-name crypto-backtest --capabilities CAPABILITY_IAM \
  --template-url https://crypto-backtest-template.s3.amazonaws.com/template.json > /dev/null
aws cloudformation wait stack-create-complete --stack-name crypto-backtest
aws cloudformation list-stack-resources --stack-name crypto-backtest \
  --query 'StackResourceSummaries[].ResourceType' --output text | tr '\t' '\n' | sort | uniq -c
