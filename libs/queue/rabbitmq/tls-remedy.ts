const UNKNOWN_AUTHORITY =
  "the authority that signed the broker's certificate is not known here: give its certificate (PEM) with NODE_EXTRA_CA_CERTS=/path/to/ca.pem";

/** What an operator does about a certificate that is not accepted, by the code that Node gives it. */
const REMEDIES: ReadonlyMap<unknown, string> = new Map([
  ["DEPTH_ZERO_SELF_SIGNED_CERT", UNKNOWN_AUTHORITY],
  ["SELF_SIGNED_CERT_IN_CHAIN", UNKNOWN_AUTHORITY],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", UNKNOWN_AUTHORITY],
  ["UNABLE_TO_GET_ISSUER_CERT", UNKNOWN_AUTHORITY],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", UNKNOWN_AUTHORITY],
  ["CERT_SIGNATURE_FAILURE", "the broker's certificate was not signed by the authority it names"],
  ["CERT_HAS_EXPIRED", "renew the broker's certificate, or set this machine's clock"],
  ["CERT_NOT_YET_VALID", "set this machine's clock, or look at the broker's certificate"],
  ["CERT_REVOKED", "the broker needs a new certificate"],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "write RABBITMQ_URL or RABBITMQ_HOST with the name that stands in the broker's certificate",
  ],
  [
    "ERR_SSL_WRONG_VERSION_NUMBER",
    "the port does not speak TLS: use the broker's TLS port (5671), or amqp://",
  ],
]);

/**
 * What to do about a TLS connection that was refused because the other side could not be verified; null for every
 * other error. Trying again cannot help, and going on without verifying is never done.
 */
export function tlsRemedy(error: Error): string | null {
  const code = "code" in error ? error.code : undefined;
  const known = REMEDIES.get(code);
  if (known !== undefined) return known;
  // Older Node versions put OpenSSL's words into the text and a general code beside it.
  return /wrong version number/i.test(error.message)
    ? (REMEDIES.get("ERR_SSL_WRONG_VERSION_NUMBER") ?? null)
    : null;
}
