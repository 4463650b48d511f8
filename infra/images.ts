import { fileURLToPath } from "node:url";
import * as ecr from "aws-cdk-lib/aws-ecr";
import * as assets from "aws-cdk-lib/aws-ecr-assets";
import * as ecs from "aws-cdk-lib/aws-ecs";
import { Construct } from "constructs";
import type { Settings } from "#infra/config/settings.ts";
import { PREFIX } from "#libs/contracts/names.ts";
import type { ServiceManifest } from "#services/shared/manifest.ts";

const PROJECT_ROOT = fileURLToPath(new URL("..", import.meta.url));

export interface ImagesProps {
  readonly source: Settings["images"];
  /** The tag to pull from ECR. */
  readonly tag: string;
  /** The revision built into local images; stored with positions. */
  readonly codeVersion: string;
}

/**
 * The source of the services' images: built by the deployment from the Dockerfiles (`cdk synth` only hashes the build
 * context, so it needs no Docker), or pulled from the repositories `crypto-backtest-<service>`.
 */
export class Images extends Construct {
  readonly #props: ImagesProps;

  constructor(scope: Construct, id: string, props: ImagesProps) {
    super(scope, id);
    this.#props = props;
  }

  of(manifest: ServiceManifest): ecs.ContainerImage {
    const { name } = manifest;
    if (this.#props.source === "ecr") {
      const repository = ecr.Repository.fromRepositoryName(this, name, `${PREFIX}-${name}`);
      return ecs.ContainerImage.fromEcrRepository(repository, this.#props.tag);
    }
    const { file, buildArgs } = imageBuild(manifest);
    const args = {
      ...buildArgs,
      // Without the revision, an image stays the same from commit to commit.
      ...(carriesRevision(manifest) ? { CODE_VERSION: this.#props.codeVersion } : {}),
    };
    return ecs.ContainerImage.fromAsset(PROJECT_ROOT, {
      assetName: `${PREFIX}-${name}`,
      file,
      platform: assets.Platform.LINUX_ARM64,
      ...(Object.keys(args).length === 0 ? {} : { buildArgs: args }),
    });
  }
}

/** The Dockerfile of a service, from the project's root, and the arguments of its build. */
export function imageBuild({ name, image }: ServiceManifest): {
  readonly file: string;
  readonly buildArgs: Readonly<Record<string, string>>;
} {
  return image === "own"
    ? { file: `Dockerfile.${name}`, buildArgs: {} }
    : { file: "infra/images/Dockerfile", buildArgs: { SERVICE: name } };
}

/** A service that stores the revision of its code reads it as a variable, which its image sets. */
function carriesRevision({ settings }: ServiceManifest): boolean {
  return settings.includes("CODE_VERSION");
}
