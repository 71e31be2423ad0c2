/**
 * Clients over the kernel's own sockets, run as a program inside a namespace: `kernel_client.ts WHAT HOST PORT [NUMBER]`.
 *
 * @module
 */

import { createSocket } from "node:dgram";
import { connect, type Socket } from "node:net";

const [what, host = "", portText, number] = process.argv.slice(2);
const port = Number(portText);

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
    socket.once("error", reject);
  });
}

const CLIENTS: Record<string, () => Promise<void>> = {
  /** Opens, uses and closes as many connections as it is told, some at a time; the client closes first. */
  async many() {
    let left = Number(number);
    const one = async (): Promise<void> => {
      while (left-- > 0) {
        const socket = await open();
        await new Promise<void>((resolve, reject) => {
          socket.on("error", reject);
          socket.once("data", () => socket.end());
          socket.on("close", () => resolve());
          socket.on("end", () => {});
          socket.write("hello");
        });
      }
    };
    await Promise.all(Array.from({ length: 50 }, one));
    console.log("done");
  },

  /** Asks for a page on as many connections as it is told, some at a time; on every other one the server closes first. */
  async requests() {
    let left = Number(number);
    const one = async (): Promise<void> => {
      while (left > 0) {
        const theirs = left-- % 2 === 0;
        const socket = await open();
        await new Promise<void>((resolve, reject) => {
          let answer = "";
          socket.on("error", reject);
          socket.on("data", (data) => {
            answer += data;
            if (!theirs && answer.endsWith("bonsai\n")) socket.end();
          });
          socket.on("end", () => socket.end());
          socket.on("close", () => {
            if (/^HTTP\/1\.1 200 [^]*bonsai\n$/.test(answer)) resolve();
            else reject(new Error(`It answered ${JSON.stringify(answer)}`));
          });
          socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n${theirs ? "Connection: close\r\n" : ""}\r\n`);
        });
      }
    };
    await Promise.all(Array.from({ length: 50 }, one));
    console.log("done");
  },

  /** Sends datagrams of many sizes to an echo, each until it comes back. */
  async datagrams() {
    const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
    for (const size of [0, 1, 1472, 1473, 2944, 8000, 65_506, 65_507]) {
      const data = Uint8Array.from({ length: size }, (_, i) => i * 7 + size);
      const back = await new Promise<Uint8Array>((resolve, reject) => {
        socket.once("error", reject);
        socket.once("message", resolve);
        socket.send(data, port, host);
        setTimeout(() => reject(new Error(`${size} bytes did not come back`)), 3000).unref();
      });
      socket.removeAllListeners();
      if (back.length !== size || back.some((byte, i) => byte !== data[i])) throw new Error(`${size} bytes differ`);
    }
    socket.close();
    console.log("done");
  },

  /** Tells how a connection fails, and after how many milliseconds. */
  async fail() {
    const began = performance.now();
    const code = await open().then(() => "connected", (error) => error.code);
    console.log(code, Math.round(performance.now() - began));
    process.exit();
  },

  /** Reads the beginning of what a server sends, then stops reading but stays. */
  async stall() {
    const socket = await open();
    socket.once("data", () => {
      socket.pause();
      console.log("stalled");
    });
    setInterval(() => {}, 1000);
  },

  /** Writes without end, and never reads: tells how much was taken once nothing more is. */
  async flood() {
    const socket = await open();
    socket.pause();
    let last = -1;
    const block = new Uint8Array(65_536);
    const write = (): void => {
      while (socket.write(block)) { /* until its buffer is full */ }
      socket.once("drain", write);
    };
    write();
    const timer = setInterval(() => {
      if (socket.bytesWritten !== last) return void (last = socket.bytesWritten);
      clearInterval(timer);
      console.log("stuck", last - socket.writableLength);
      setInterval(() => {}, 1000);
    }, 300);
  },
};

await CLIENTS[what ?? ""]!();
