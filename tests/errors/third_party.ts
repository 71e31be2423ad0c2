// Protocols and drivers that others write against our contracts.

import { type Driver, type Link, type Protocol, stack } from "../../mod.ts";
import { memory } from "../../drivers/memory.ts";

const [driver] = memory("ip");

export function forgetful(): Protocol<"forgetful", { link: Link<number>; names?: object }, { mine: number }> {
  // error: Property 'names' is missing in type '{ link: "required"; }' but required in type 'Needs<
  return { name: "forgetful", needs: { link: "required" }, start: () => ({ mine: 1 }) };
}

declare function fake(): Protocol<"fake", object, { names: { resolve: string } }>;
declare function shouter(): Protocol<"shouter", { names: { resolve(name: string): number } }, object>;

// error: Type 'Protocol<"shouter", { names: { resolve(name: string): number; }; }, object>' is not assignable to type '"shouter() cannot use the \"names\" below it: its type differs"'
stack({ driver, protocols: [fake(), shouter()] });

// error: is not assignable to type '"shouter() needs \"names\": list the protocol that gives it before it"'
stack({ driver, protocols: [shouter(), fake()] });

const list = [fake()];
// error: is not assignable to type 'readonly ["list the protocols in the call to stack(), so that their order is known"]'
stack({ driver, protocols: list });

// error: is missing the following properties from type 'Driver<"ip">'
export const half: Driver<"ip"> = { name: "half", medium: "ip", mtu: 1500, receive: () => false };
