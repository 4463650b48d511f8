import { fileURLToPath } from "node:url";
import * as ecr from "aws-cdk-lib/aws-ecr";
import * as assets from "aws-cdk-lib/aws-ecr-assets";
import * as ecs from "aws-cdk-lib/aws-ecs";
import { Construct } from "constructs";
import type { Settings } from "#infra/config/settings.ts";
import { PREFIX, type ServiceName } from "#libs/contracts/names.ts";

const PROJECT_ROOT = fileURLToPath(new URL("..", import.meta.url));

export interface ImagesProps {
  readonly source: Settings["images"];
  /** The tag to pull from ECR. */
  readonly tag: string;
  /** The revision built into local images; positions carry it. */
  readonly codeVersion: string;
}

/**
 * Where the services' images come from: built by the deployment from the Dockerfiles (`cdk synth` only hashes
 * the build context, so it needs no Docker), or pulled from the repositories `crypto-backtest-<service>`.
 */
export class Images extends Construct {
  readonly #props: ImagesProps;

  constructor(scope: Construct, id: string, props: ImagesProps) {
    super(scope, id);
    this.#props = props;
  }

  of(service: ServiceName): ecs.ContainerImage {
    if (this.#props.source === "ecr") {
      const repository = ecr.Repository.fromRepositoryName(this, service, `${PREFIX}-${service}`);
      return ecs.ContainerImage.fromEcrRepository(repository, this.#props.tag);
    }
    return ecs.ContainerImage.fromAsset(PROJECT_ROOT, {
      assetName: `${PREFIX}-${service}`,
      file: `Dockerfile.${service}`,
      platform: assets.Platform.LINUX_ARM64,
      // Only positions carry the revision: the other images stay the same from commit to commit.
      ...(service === "finder" ? { buildArgs: { CODE_VERSION: this.#props.codeVersion } } : {}),
    });
  }
}
