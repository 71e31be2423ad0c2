// Bad configurations, each with the sentences that users read.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import Schema from "typebox/schema";
import { PROTOCOLS } from "../../cli/config/catalogue.ts";
import { tryConfig } from "../../cli/config/compose.ts";
import { readConfig } from "../../cli/config/config.ts";
import { configSchema } from "../../cli/config/schema.ts";
import { PACKAGE } from "../../cli/package_info.ts";
import { read, ROOT } from "../checks/tree.ts";
import { testWith } from "../needs.ts";
import { bonsai, environment, run, runtimeArgs } from "./run.ts";

const TUN = { tun: { name: "tun9", host: "10.0.0.1/24" } };
const IPV4 = { ipv4: { address: "10.0.0.2/24" } };

/** A configuration that is right, but for what is given. */
function config(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { driver: TUN, protocols: [IPV4, "tcp", "httpServer"], ...more };
}

function protocols(...list: unknown[]): Record<string, unknown> {
  return config({ protocols: list });
}

function errorsOf(text: string): string[] {
  const { config, errors } = readConfig(text);
  return (config ? tryConfig(config) : errors).map(({ path, message }) => path ? `${path}: ${message}` : message);
}

const CASES: [config: unknown, ...errors: string[]][] = [
  [5, "must be an object, not 5"],
  [[], "must be an object, not []"],
  [{}, "driver: is required", "protocols: is required"],
  [config({ drivers: 1 }), "drivers: is unknown; did you mean driver?"],
  [config({ colour: 1 }), "colour: is unknown (there is $schema, driver, protocols, plugins, app, serve)"],
  [config({ driver: "tpa" }), "driver: is unknown; did you mean tap?"],
  [config({ driver: "wifi" }), "driver: is unknown (there is tap, tun, afPacket)"],
  [config({ driver: 7 }), "driver: must be a name, or an object of a name and its options, not 7"],
  [config({ driver: { tap: {}, tun: {} } }), "driver: must name one part, not tap, tun"],
  [config({ driver: {} }), "driver: must name one part, not none"],
  [
    config({ driver: { tun: { mtu: 10 } } }),
    "driver.tun.mtu: must be an integer of at least 68 and at most 65521, not 10",
  ],
  [config({ driver: { tun: { host: 5 } } }), 'driver.tun.host: must be a text such as "10.0.0.1/24", not 5'],
  [config({ driver: { tun: { hots: "x" } } }), "driver.tun.hots: is unknown; did you mean host?"],
  [config({ driver: { tun: [] } }), "driver.tun: must be an object, not []"],
  [config({ protocols: "tcp" }), 'protocols: must be a list, not "tcp"'],
  [protocols("tpc"), "protocols[0]: is unknown; did you mean tcp?"],
  [protocols(IPV4, null), "protocols[1]: must be a name, or an object of a name and its options, not null"],
  [protocols("ipv4", "tcp", "tcp"), "protocols[2]: tcp is listed twice"],
  [protocols("tcp"), 'protocols[0]: tcp() needs "ip": list ipv4() or ipv6() before it'],
  [
    protocols(IPV4, "udp", { dhcpServer: { range: "192.168.9.1-192.168.9.9" } }),
    "protocols[2].dhcpServer: dhcpServer(): the range 192.168.9.1-192.168.9.9 lies in none of our networks",
  ],
  [
    protocols(IPV4, "udp", {
      dnsServer: { zone: "a.example", records: [{ name: "a.example", type: "A", data: "x" }] },
    }),
    'protocols[2].dnsServer: dnsServer(): the A record of "a.example" has data that is none',
  ],
  [
    protocols(IPV4, "udp", { mdns: { hostname: "lamp", services: [{ name: "Lamp", type: "http", port: 80 }] } }),
    'protocols[2].mdns: mdns(): "Lamp" is no service such as { name: "Lamp", type: "_http._tcp", port: 80 }',
  ],
  [
    config({ driver: "tap", protocols: ["ethernet", "arp", "ipv4", "udp", { dhcp: { clientId: "zz" } }] }),
    'protocols[4].dhcp: Cannot parse "zz" as a client identifier',
  ],
  [protocols(IPV4, "httpServer"), 'protocols[1]: httpServer() needs "tcp": list tcp() before it'],
  [protocols("httpServer", IPV4, "tcp"), 'protocols[0]: httpServer() needs "tcp": list tcp() before it'],
  [protocols("ethernet", "arp"), 'protocols[0]: ethernet() needs "wire": use a driver that carries Ethernet frames'],
  [
    config({ driver: "tap", protocols: [IPV4] }),
    'protocols[0].ipv4: ipv4() needs "link": list ethernet() and arp() before it, or use a driver that carries IP packets',
  ],
  [
    protocols({ ipv4: { address: "10.0.0.256/24" } }),
    'protocols[0].ipv4: Cannot parse "10.0.0.256/24" as an IPv4 address with its prefix such as "10.0.0.1/24"',
  ],
  [
    protocols({ ipv4: { address: "10.0.0.2" } }),
    'protocols[0].ipv4.address: must be a text such as "10.0.0.2/24", not "10.0.0.2"',
  ],
  [protocols({ ipv4: { adress: "10.0.0.2/24" } }), "protocols[0].ipv4.adress: is unknown; did you mean address?"],
  [protocols({ ipv4: { address: 5 } }), 'protocols[0].ipv4.address: must be a text such as "10.0.0.2/24", not 5'],
  [
    protocols(IPV4, { tcp: { minRto: 0, sack: "yes" } }),
    "protocols[1].tcp.minRto: must be a number of at least 1 and at most 60000, not 0",
    'protocols[1].tcp.sack: must be a boolean, not "yes"',
  ],
  [
    protocols(IPV4, { udp: { sockets: 1.5 } }),
    "protocols[1].udp.sockets: must be an integer of at least 1 and at most 65536, not 1.5",
  ],
  [
    protocols({ udpTemplate: { source: "10.0.0.2" } }),
    "protocols[0].udpTemplate.destination: is required",
    "protocols[0].udpTemplate.destinationPort: is required",
  ],
  [protocols(IPV4, "./mine.ts"), "protocols[1]: must end in # and what the module exports, such as ./mine.ts#mine"],
  [protocols(IPV4, { "./mine.ts#mine": 5 }), 'protocols[1]["./mine.ts#mine"]: must be an object, not 5'],
  [
    config({ plugins: [{ impair: { loss: 2 } }] }),
    "plugins[0].impair.loss: must be a number of at least 0 and at most 1, not 2",
  ],
  [config({ plugins: ["capture"] }), "plugins[0].file: is required"],
  [
    config({ plugins: [{ impair: { direction: "up" } }] }),
    'plugins[0].impair.direction: must be one of both, receive, transmit, not "up"',
  ],
  [config({ app: 1 }), 'app: must be a text such as "./app.ts", not 1'],
  [
    config({ app: "./a.ts", serve: { port: 70_000 } }),
    "serve.port: must be an integer of at least 0 and at most 65535, not 70000",
  ],
  [config({ serve: {} }), 'app: is required where "serve" is given'],
];

for (const [value, ...expected] of CASES) {
  test(`check: ${expected.join("; ")}`, () => assertEquals(errorsOf(JSON.stringify(value)), expected));
}

test("check: text that is no JSON", () => {
  assert(errorsOf('{ "driver": ')[0]!.startsWith("is no JSON: "));
});

const GOOD: unknown[] = [
  config(),
  config({ app: "./app.ts", serve: { port: 80, maxRequests: 5 }, plugins: ["trace", { impair: { loss: 0.1 } }] }),
  config({ driver: "tap", protocols: ["ethernet", "arp", IPV4, "icmp", "udp", "tcp", "http"] }),
  protocols(IPV4, "udp", { "jsr:@you/quote#quote": { port: 17 } }),
  config({ driver: { "./driver.ts#udpTunnel": { port: 1 } } }),
  { driver: "tun", protocols: [{ udpTemplate: { source: "10.0.0.2", destination: "10.0.0.1", destinationPort: 1 } }] },
];

test("check finds nothing wrong with what is right, and neither does the schema", () => {
  const schema = configSchema() as Parameters<typeof Schema.Check>[0];
  for (const value of GOOD) {
    assertEquals(errorsOf(JSON.stringify(value)), []);
    assert(Schema.Check(schema, value), JSON.stringify(value));
  }
});

test("docs/configuration.md: what it shows is right", () => {
  const pieces = [...read("docs/configuration.md").matchAll(/^```json\n(.*?)^```$/gms)].map(([, piece]) => piece!);
  assertEquals(pieces.length, 3);
  for (const piece of pieces) assertEquals(errorsOf(piece), []);
});

test("the schema refuses what check refuses, as far as a schema can", () => {
  const schema = configSchema() as Parameters<typeof Schema.Check>[0];
  const beyond = /needs "|twice|Cannot parse|app: is required|none of our networks|data that is none|is no service/;
  for (const [value, ...errors] of CASES) {
    assertEquals(Schema.Check(schema, value), beyond.test(errors[0]!), `${JSON.stringify(value)}: ${errors[0]}`);
  }
});

/** Modules of protocols/ that hold no protocol: functions over a stack, and values for options. */
const NO_PROTOCOLS = ["icmp_tools", "dhcp_options", "dns_records"];

test("check knows every protocol of the package", () => {
  const names = Object.keys(PACKAGE.exports).filter((name) => name.startsWith("./protocols/"))
    .map((name) => name.slice("./protocols/".length)).filter((name) => !NO_PROTOCOLS.includes(name))
    .map((name) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
  assertEquals(Object.keys(PROTOCOLS).sort(), names.sort());
});

test("the published schema is that of the code", () => {
  assertEquals(JSON.parse(read("cli/bonsai.schema.json")), configSchema(), "run deno task schema");
});

async function inFolder(body: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bonsai-check-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the command prints each error with its path, and ends with status 1", async () => {
  await inFolder((cwd) => {
    writeFileSync(join(cwd, "bad.json"), JSON.stringify(protocols("tpc", { ipv4: { address: 5 } })));
    writeFileSync(join(cwd, "good.json"), JSON.stringify(config()));
    const bad = bonsai(["check", "bad.json"], { cwd });
    assertEquals([bad.status, bad.stdout, bad.stderr.split("\n")], [1, "", [
      "bad.json: protocols[0]: is unknown; did you mean tcp?",
      'bad.json: protocols[1].ipv4.address: must be a text such as "10.0.0.2/24", not 5',
      "bonsai check: bad.json: 2 errors",
      "",
    ]]);
    assertEquals(bonsai(["check", "good.json"], { cwd }), { status: 0, stdout: "good.json: ok\n", stderr: "" });
    assertEquals(bonsai(["check"], { cwd }).status, 2);
    const none = bonsai(["check", "none.json"], { cwd });
    assertEquals([none.status, none.stderr.startsWith("bonsai check: Cannot read none.json: ")], [1, true]);
    assertEquals(JSON.parse(bonsai(["check", "--json", "bad.json"], { cwd }).stdout).errors.length, 2);
    const serve = bonsai(["serve", "--config", "bad.json"], { cwd });
    assertEquals(serve.status, 1);
    assertStringIncludes(serve.stderr, "Cannot serve bad.json: it describes no stack");
  });
});

testWith(
  ["tun", "netns", "curl"],
  "serve --config runs what a file describes, a protocol of somebody else's too",
  async () => {
    await inFolder((cwd) => {
      const quote = readFileSync(join(ROOT, "examples/templates/protocol/mod.ts"), "utf8")
        .replaceAll('"@bonsai/net"', JSON.stringify(join(ROOT, "mod.ts")))
        .replaceAll('"@bonsai/net/protocols/udp"', JSON.stringify(join(ROOT, "protocols/udp.ts")));
      writeFileSync(join(cwd, "quote.ts"), quote);
      writeFileSync(join(cwd, "app.ts"), 'export default () => new Response("from a file\\n");');
      writeFileSync(
        join(cwd, "bonsai.json"),
        JSON.stringify({
          driver: { tun: { name: "tun9", host: "10.0.0.1/24" } },
          protocols: [IPV4, "icmp", "udp", { "./quote.ts#quote": { port: 1717 } }, "tcp", "httpServer"],
          plugins: [{ capture: { file: join(cwd, "run.pcapng") } }],
          app: "./app.ts",
          serve: { port: 8000 },
        }),
      );
      const script = `"$@" & app=$!
for i in $(seq 100); do curl -fsS -m 1 http://10.0.0.2:8000/ 2>/dev/null && break; sleep 0.1; done
kill -INT $app; wait $app; echo "status $?"`;
      const { stdout, stderr } = run("unshare", [
        "-n",
        "sh",
        "-c",
        script,
        "sh",
        process.execPath,
        ...runtimeArgs("cli/mod.ts"),
        "serve",
        "--config",
        "bonsai.json",
      ], { cwd, env: environment() });
      assertStringIncludes(stdout, "from a file\n", stderr);
      assertStringIncludes(stdout, "status 0");
      assert(readFileSync(join(cwd, "run.pcapng")).length > 500);
    });
  },
);
