/**
 * What a system that refuses means, and the command that helps.
 *
 * @module
 */

import { NetError, type NetErrorCode } from "../../core/net_error.ts";
import type { Kind } from "./device.ts";

/** Numbers of Linux's errors; they are the same on every processor that Deno and Bun run on. */
const CODES: Readonly<Record<number, NetErrorCode>> = {
  1: "EPERM",
  2: "ENOENT",
  13: "EACCES",
  16: "EBUSY",
  19: "ENODEV",
  22: "EINVAL",
  23: "EMFILE",
  24: "EMFILE",
  99: "EADDRNOTAVAIL",
  105: "ENOBUFS",
};

function codeOf(errno: number): NetErrorCode {
  return CODES[errno] ?? "ENODEV";
}

/** The command that makes a device ready for a user. A pattern stands for a number that the user chooses. */
function ready(kind: Kind, name: string): string {
  return `sudo ip tuntap add dev ${name.replace("%d", "0")} mode ${kind} user $USER`;
}

/**
 * Says why `/dev/net/tun` does not open.
 *
 * @param kind Which kind of device was wanted.
 * @param name Its name.
 * @param errno What the system said.
 * @returns The error.
 */
export function nodeError(kind: Kind, name: string, errno: number): NetError {
  const code = codeOf(errno);
  if (code === "EACCES" || code === "EPERM") {
    return new NetError(
      code,
      `Cannot open ${name}: this user may not open /dev/net/tun; grant it with: ` +
        `sudo chmod 0666 /dev/net/tun && ${ready(kind, name)}`,
    );
  }
  if (code === "EMFILE") {
    return new NetError(
      code,
      `Cannot open ${name}: this process has too many files open; raise it with: ulimit -n 4096`,
    );
  }
  return new NetError(
    code,
    `Cannot open ${name}: there is no /dev/net/tun (error ${errno}); load it with: sudo modprobe tun ` +
      "(a container needs: --device /dev/net/tun --cap-add NET_ADMIN)",
  );
}

/**
 * Says why a device cannot be attached to.
 *
 * @param kind Which kind of device was wanted.
 * @param name Its name.
 * @param errno What the system said.
 * @param exists Whether an interface of this name exists.
 * @returns The error.
 */
export function attachError(kind: Kind, name: string, errno: number, exists: boolean): NetError {
  const code = codeOf(errno);
  switch (code) {
    case "EBUSY":
      return new NetError(
        code,
        `Cannot open ${name}: another process has it open; close that one or choose another name`,
      );
    case "EPERM":
      return new NetError(
        code,
        exists
          ? `Cannot open ${name}: it was made for another user; make it yours with: ` +
            `sudo ip tuntap del dev ${name} mode ${kind} && ${ready(kind, name)}`
          : `Cannot open ${name}: there is none, and making one takes the right to; grant it with: ${
            ready(kind, name)
          }`,
      );
    case "EINVAL":
      // No command here: the name may be that of the machine's own card.
      return new NetError(code, `Cannot open ${name}: it is no ${kind} device with one queue; choose another name`);
    default:
      return new NetError(code, `Cannot open ${name}: the kernel refuses (error ${errno})`);
  }
}

/**
 * Says why a packet socket does not open.
 *
 * @param name The interface it is for.
 * @param errno What the system said.
 * @returns The error.
 */
export function socketError(name: string, errno: number): NetError {
  const code = codeOf(errno);
  return new NetError(
    code,
    code === "EPERM"
      ? `Cannot open ${name} without the right to; grant it with: sudo setcap cap_net_raw=ep PROGRAM`
      : `Cannot open ${name}: the kernel refuses (error ${errno})`,
  );
}

/**
 * Says why a link cannot be set up.
 *
 * @param name Its name.
 * @param errno What the system said.
 * @param what What was tried, such as `"switch on"`.
 * @param command What does it for root; empty where nothing does.
 * @returns The error.
 */
export function linkError(name: string, errno: number, what: string, command: string): NetError {
  const code = codeOf(errno);
  if (command === "") return new NetError(code, `Cannot ${what} ${name}: the kernel refuses (error ${errno})`);
  return code === "EPERM"
    ? new NetError(code, `Cannot ${what} ${name} without the right to; do it beforehand with: sudo ${command}`)
    : new NetError(
      code,
      `Cannot ${what} ${name}: the kernel refuses (error ${errno}); see what it says to: sudo ${command}`,
    );
}

/**
 * Says that a device was deleted while it was open.
 *
 * @param name Its name.
 * @returns The error.
 */
export function lostError(name: string): NetError {
  return new NetError("ENODEV", `${name} is lost: somebody deleted it`);
}
