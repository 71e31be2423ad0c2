import { assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { testWith } from "../needs.ts";
import { type Namespace, NEEDS, runtime } from "./namespace.ts";
import { type Counters, OURS, withServices } from "./services.ts";

const URL = `http://${OURS}`;
const CURL = [...NEEDS, "curl"];

/** Runs a line of shell; what it prints. */
function shell(namespace: Namespace, script: string): string {
  return namespace.run("bash", "-euo", "pipefail", "-c", script);
}

/** Waits until no connection is left but those in TIME-WAIT. */
async function untilQuiet(counters: () => Promise<Counters>, ms = 5000): Promise<Counters> {
  const end = performance.now() + ms;
  for (;;) {
    const now = await counters();
    if (now.tcp!.connections === now.tcp!.timeWait || performance.now() > end) return now;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

testWith(CURL, "services: curl gets every page of the HTTP app", () =>
  withServices(({ namespace }) => {
    const curl = (...args: string[]): string => namespace.run("curl", "-sS", "--max-time", "10", ...args);
    assertEquals(curl(`${URL}/`), "bonsai\n");
    assertEquals(curl("-d", "a=1", `${URL}/echo?x`), "a=1");
    assertEquals(curl("-X", "DELETE", "-d", "gone", `${URL}/echo`), "gone");
    const headers = JSON.parse(curl("-H", "X-Test: yes", `${URL}/headers`));
    assertEquals([headers["x-test"], headers.host], ["yes", OURS]);
    assertEquals(JSON.parse(curl("-X", "PUT", `${URL}/url?a=b`)), { method: "PUT", url: `${URL}/url?a=b` });
    assertEquals(curl(`${URL}/stream`), "a".repeat(10_000));
    assertMatch(curl("-i", `${URL}/empty`), /^HTTP\/1\.1 204 /);
    assertMatch(curl("-i", `${URL}/nothing`), /^HTTP\/1\.1 404 /);
    // Two requests on one connection, and one of the old version.
    assertMatch(curl("-v", "--stderr", "-", `${URL}/`, `${URL}/empty`), /Re-using existing/i);
    assertEquals(curl("--http1.0", `${URL}/`), "bonsai\n");
  }));

testWith(
  [...CURL, "sha256sum"],
  "services: curl moves 100 MB each way, byte for byte",
  () =>
    withServices(async ({ namespace, counters }) => {
      const out = shell(
        namespace,
        `file=$(mktemp); trap 'rm -f $file' EXIT; head -c 100000000 /dev/urandom > $file; sha256sum < $file
       curl -sS --max-time 60 -X POST -T $file ${URL}/echo | sha256sum
       curl -sS --max-time 60 -H 'Transfer-Encoding: chunked' -H 'Expect:' -X POST -T $file ${URL}/echo | sha256sum`,
      );
      const [sent, back, chunked] = out.split("\n");
      assertEquals(back, sent);
      assertEquals(chunked, sent);
      const { tcp } = await untilQuiet(counters);
      assertEquals(tcp!.connections, tcp!.timeWait);
    }),
);

testWith(
  [...NEEDS, "wrk"],
  "services: 64 keep-alive connections for 10 s without an error",
  () =>
    withServices(async ({ namespace, counters }) => {
      const out = namespace.run("wrk", "-t1", "-c64", "-d10s", `${URL}/`);
      // wrk prints these lines only when there is something to complain about.
      for (const complaint of ["Socket errors", "Non-2xx"]) assertEquals(out.includes(complaint), false, out);
      const requests = Number(/(\d+) requests in/.exec(out)![1]);
      console.log(`${/Requests\/sec: *(\S+)/.exec(out)![1]} requests/s, latency${/Latency(.*)/.exec(out)![1]}`);
      assertLess(10_000, requests);
      const { tcp } = await untilQuiet(counters);
      assertEquals([tcp!.connections, tcp!.retransmitted], [0, 0]);
    }),
);

testWith(
  NEEDS,
  "services: 2,000 HTTP connections leave nothing behind but TIME-WAIT where the server closed first",
  () =>
    withServices(async ({ namespace, counters }) => {
      const client = [...runtime(), "tests/tap/kernel_client.ts", "requests", OURS, "80", "2000"];
      assertStringIncludes(namespace.run(...client), "done");
      const { tcp } = await untilQuiet(counters);
      assertEquals([tcp!.passiveOpens, tcp!.connections], [2000, tcp!.timeWait]);
      // Of a thousand a few may be gone: every ten seconds the kernel begins elsewhere to choose its ports, and where it
      // meets one of before, its SYN takes the place of the TIME-WAIT.
      assertLess(800, tcp!.timeWait!);
      assertLess(tcp!.timeWait!, 1001);
    }),
);

testWith(
  CURL,
  "services: a curl that is killed in the middle of up- and download leaves nothing behind",
  () =>
    withServices(async ({ namespace, counters }) => {
      const both = namespace.spawn(
        "bash",
        "-c",
        `exec curl -sS -T /dev/zero -X POST --limit-rate 20M ${URL}/echo -o /dev/null`,
      );
      await new Promise((resolve) => setTimeout(resolve, 1500));
      assertEquals((await counters()).tcp!.connections, 1, both.said());
      await both.stop("SIGKILL");
      const { tcp } = await untilQuiet(counters);
      assertEquals(tcp!.connections, 0);
      assertEquals(namespace.run("curl", "-sS", `${URL}/`), "bonsai\n");
    }),
);
