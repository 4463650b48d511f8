import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
  /** Path of `cert`. */
  readonly certFile: string;
}

export interface CertificateMaker {
  /** A self-signed certificate for a host name. */
  make(host: string): Promise<Certificate>;
  /** One whose time ended in 2020. */
  makeExpired(host: string): Promise<Certificate>;
  dispose(): Promise<void>;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Makes certificates with the `openssl` command in a folder of its own. */
export async function makeCertificates(): Promise<CertificateMaker> {
  const folder = await mkdtemp(join(tmpdir(), "certificates-"));
  const openssl = (...args: readonly string[]) => promisify(execFile)("openssl", args, { cwd: folder });
  let count = 0;
  const names = () => {
    count += 1;
    return { keyFile: join(folder, `${count}.key`), certFile: join(folder, `${count}.pem`) };
  };
  const read = async (keyFile: string, certFile: string): Promise<Certificate> => ({
    key: await readFile(keyFile),
    cert: await readFile(certFile),
    certFile,
  });
  return {
    async make(host) {
      const { keyFile, certFile } = names();
      const named = ["-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host}`];
      await openssl("req", "-x509", ...NEW_KEY, "-days", "2", ...named, "-keyout", keyFile, "-out", certFile);
      return read(keyFile, certFile);
    },
    async makeExpired(host) {
      const { keyFile, certFile } = names();
      await openssl(
        "req",
        "-new",
        ...NEW_KEY,
        "-subj",
        `/CN=${host}`,
        "-keyout",
        keyFile,
        "-out",
        "request.pem",
      );
      await writeFile(join(folder, "index.txt"), "");
      await writeFile(join(folder, "serial"), "01\n");
      await writeFile(join(folder, "authority.cnf"), authority(host));
      // Only the command of an authority takes both dates.
      const dates = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"];
      await openssl(
        ...["ca", "-batch", "-selfsign", "-config", "authority.cnf", ...dates],
        ...["-keyfile", keyFile, "-in", "request.pem", "-out", certFile, "-notext"],
      );
      return read(keyFile, certFile);
    },
    dispose: () => rm(folder, { recursive: true }),
  };
}

function authority(host: string): string {
  return [
    "[ca]",
    "default_ca = own",
    "[own]",
    "database = index.txt",
    "serial = serial",
    "new_certs_dir = .",
    "policy = any",
    "default_md = sha256",
    "x509_extensions = extensions",
    "[any]",
    "commonName = supplied",
    "[extensions]",
    `subjectAltName = DNS:${host}`,
    "",
  ].join("\n");
}
