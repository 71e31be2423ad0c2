/**
 * What the facts of a machine mean for an app, and the command that enables what is missing.
 *
 * @module
 */

import { type MachineFacts, PROGRAMS } from "./facts.ts";

/** One thing that a machine can do, or cannot. */
export interface Finding {
  /** What it is, in a word or two. */
  readonly name: string;
  /** Whether the machine can do it. */
  readonly ok: boolean;
  /** What that means, in a sentence. */
  readonly text: string;
  /** The command that enables it; undefined where none does, or none is needed. */
  readonly fix?: string;
}

/** Numbers of Linux's capabilities. */
const NET_ADMIN = 12n;
const NET_RAW = 13n;

function has(facts: MachineFacts, capability: bigint): boolean {
  return (facts.capabilities >> capability & 1n) === 1n;
}

/**
 * Tells what a machine can do.
 *
 * @param facts What it is like.
 * @returns The findings, from what every machine can to what needs rights.
 */
export function diagnose(facts: MachineFacts): Finding[] {
  return [
    runtime(facts),
    { name: "memory, replay", ok: true, text: "stacks run in memory and on captures: no rights are needed" },
    { name: "host sockets", ok: true, text: "host() serves over the sockets of the system" },
    ffi(facts),
    devices(facts),
    packetSockets(facts),
    namespaces(facts),
    programs(facts),
  ];
}

function runtime({ runtime, version }: MachineFacts): Finding {
  const [least, update] = runtime === "Deno"
    ? ["2.5", "deno upgrade"]
    : runtime === "Bun"
    ? ["1.3", "bun upgrade"]
    : ["20.10", "nvm install 20"];
  const number = (text: string): number => {
    const [major = 0, minor = 0] = text.split(".").map(Number);
    return major * 1000 + minor;
  };
  const ok = number(version) >= number(least);
  return {
    name: "runtime",
    ok,
    text: ok ? `${runtime} ${version}` : `${runtime} ${version} is older than ${least}`,
    ...(!ok && { fix: update }),
  };
}

function ffi({ runtime, ffi }: MachineFacts): Finding {
  const name = "FFI";
  if (runtime === "Node") {
    return {
      name,
      ok: false,
      text: "Node cannot call the C library: devices need Deno or Bun",
      fix: "npx -y deno@2.9",
    };
  }
  return ffi ? { name, ok: true, text: "this process may call the C library, as devices need" } : {
    name,
    ok: false,
    text: "Deno does not permit the C library, which devices need",
    fix: "deno run --allow-ffi …",
  };
}

function devices(facts: MachineFacts): Finding {
  const name = "TAP, TUN";
  const { platform, tun, tunOpens, runtime } = facts;
  if (platform !== "linux") return { name, ok: false, text: "these devices are Linux's; use memory() or host()" };
  if (!tun) return { name, ok: false, text: "there is no /dev/net/tun", fix: "sudo modprobe tun" };
  if (!tunOpens) {
    return { name, ok: false, text: "this user may not open /dev/net/tun", fix: "sudo chmod 0666 /dev/net/tun" };
  }
  if (runtime === "Node") return { name, ok: false, text: "Node cannot open them", fix: "npx -y deno@2.9" };
  if (has(facts, NET_ADMIN)) return { name, ok: true, text: "this process may make devices and give them addresses" };
  return {
    name,
    ok: false,
    text: "this process may not make devices; one that root made for this user is enough",
    fix: "sudo ip tuntap add dev tap0 mode tap user $USER && sudo ip address add 10.0.0.1/24 dev tap0 && " +
      "sudo ip link set tap0 up",
  };
}

function packetSockets(facts: MachineFacts): Finding {
  const name = "AF_PACKET";
  if (facts.platform !== "linux") return { name, ok: false, text: "packet sockets are Linux's" };
  if (has(facts, NET_RAW)) return { name, ok: true, text: "this process may open packet sockets" };
  const program = facts.runtime.toLowerCase();
  return {
    name,
    ok: false,
    text: "packet sockets take CAP_NET_RAW, which this process lacks",
    fix: `sudo setcap cap_net_raw,cap_net_admin+ep "$(command -v ${program})"`,
  };
}

function namespaces({ platform, namespaces, uid }: MachineFacts): Finding {
  const name = "namespaces";
  if (platform !== "linux") return { name, ok: false, text: "network namespaces are Linux's" };
  if (namespaces) {
    const command = uid === 0 ? "unshare -n" : "unshare -rn";
    return { name, ok: true, text: `apps can be tried in a network of their own, with: ${command}` };
  }
  return {
    name,
    ok: false,
    text: "no network namespace can be made",
    fix: uid === 0
      ? "docker run --privileged … (a container lacks CAP_SYS_ADMIN)"
      : "sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000",
  };
}

function programs({ programs }: MachineFacts): Finding {
  const name = "programs";
  const lacking = PROGRAMS.filter((program) => !programs.includes(program));
  if (lacking.length === 0) return { name, ok: true, text: `${PROGRAMS.join(", ")} are here` };
  const packages = lacking.map((program) => program === "ip" ? "iproute2" : program);
  return {
    name,
    ok: false,
    text: `${lacking.join(", ")} ${lacking.length === 1 ? "is" : "are"} not here; nothing of bonsai needs them`,
    fix: `sudo apt-get install ${packages.join(" ")}`,
  };
}
