/** What a broker's URL looks like, for messages that must not repeat the one that was given. */
const EXPECTED = "expected amqp://user:password@host:5672/vhost";

/**
 * What is wrong with a broker's URL, or null. The sentence never repeats a part of the URL: a character that is not
 * percent-encoded moves the rest of a password into the fragment, the query, the port or the path, and what stands
 * there is shown in logs and asked of the DNS.
 */
export function brokerUrlProblem(text: string): string | null {
  // An unencoded one ends the address wherever it stands, so an empty fragment or query is one, too.
  if (text.includes("#")) return `it has a fragment: write # in the user or password as %23 (${EXPECTED})`;
  if (text.includes("?")) return `it has a query: write ? in the user or password as %3F (${EXPECTED})`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) {
    return `it does not parse: ${EXPECTED}, with / @ : [ ] in the user or password written as %2F %40 %3A %5B %5D`;
  }
  if (url.protocol !== "amqp:" && url.protocol !== "amqps:") return `it is not AMQP: ${EXPECTED}`;
  if (url.hostname === "") return `it has no host: ${EXPECTED}`;
  for (const [part, what] of [
    [url.username, "user"],
    [url.password, "password"],
    [url.pathname, "virtual host"],
  ] as const) {
    if (!isEncoded(part)) return `its ${what} is not percent-encoded correctly: write % as %25`;
  }
  const vhost = url.pathname.slice(1);
  if (vhost.includes("@") || vhost.includes("/")) {
    return `its virtual host has an @ or a /: write / in the user or password as %2F, and in a virtual host @ as %40 and / as %2F`;
  }
  return null;
}

function isEncoded(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
