const UNKNOWN_AUTHORITY =
  "the broker's certificate is signed by an unknown authority: provide its CA certificate (PEM) with NODE_EXTRA_CA_CERTS=/path/to/ca.pem";

/** The remedy for a certificate that is not accepted, by Node's error code. */
const REMEDIES: ReadonlyMap<unknown, string> = new Map([
  ["DEPTH_ZERO_SELF_SIGNED_CERT", UNKNOWN_AUTHORITY],
  ["SELF_SIGNED_CERT_IN_CHAIN", UNKNOWN_AUTHORITY],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", UNKNOWN_AUTHORITY],
  ["UNABLE_TO_GET_ISSUER_CERT", UNKNOWN_AUTHORITY],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", UNKNOWN_AUTHORITY],
  ["CERT_SIGNATURE_FAILURE", "the broker's certificate was not signed by the authority it names"],
  ["CERT_HAS_EXPIRED", "renew the broker's certificate, or correct this machine's clock"],
  ["CERT_NOT_YET_VALID", "correct this machine's clock, or check the broker's certificate"],
  ["CERT_REVOKED", "the broker needs a new certificate"],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "use the host name of the broker's certificate in RABBITMQ_URL or RABBITMQ_HOST",
  ],
  [
    "ERR_SSL_WRONG_VERSION_NUMBER",
    "the port does not speak TLS: use the broker's TLS port (5671), or amqp://",
  ],
]);

/**
 * The remedy for a TLS connection that failed because the peer could not be verified; null for every other error.
 * A retry cannot help, and an unverified connection is never used.
 */
export function tlsRemedy(error: Error): string | null {
  const code = "code" in error ? error.code : undefined;
  const known = REMEDIES.get(code);
  if (known !== undefined) return known;
  // Older Node versions report OpenSSL's text with a general code.
  return /wrong version number/i.test(error.message)
    ? (REMEDIES.get("ERR_SSL_WRONG_VERSION_NUMBER") ?? null)
    : null;
}
