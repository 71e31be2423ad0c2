/**
 * The numbers of DHCP: ports, where fields lie, message types and options (RFC 2131, 2; RFC 2132).
 *
 * ```text
 *    0  1     2    3    4    8    10    12     16     20     24     28     44    108   236     240
 *    |op|htype|hlen|hops|xid |secs|flags|ciaddr|yiaddr|siaddr|giaddr|chaddr|sname|file |cookie |options …
 * ```
 *
 * This file imports nothing, so that bundlers write the numbers where they are used.
 *
 * @module
 */

/** The port that servers listen at. */
export const DHCP_SERVER_PORT = 67;
/** The port that clients listen at. */
export const DHCP_CLIENT_PORT = 68;
/** What clients send: op, and a hardware type and address length of Ethernet. */
export const BOOTREQUEST = 0x010106;
/** What servers send. */
export const BOOTREPLY = 0x020106;

/** Field: which messages belong together, 4 bytes. */
export const XID = 4;
/** Field: flags, 2 bytes. The highest bit of the first: the reply must be sent to everybody. */
export const FLAGS = 10;
/** The highest bit of the first byte of flags: the client does not know its address yet. */
export const BROADCAST = 0x80;
/** Field: the client's address, where it may be reached there. */
export const CIADDR = 12;
/** Field: the address that is offered or given. */
export const YIADDR = 16;
/** Field: the relay through which the message came. */
export const GIADDR = 24;
/** Field: the client's MAC address. */
export const CHADDR = 28;
/** Field: the server's name, or options. */
export const SNAME = 44;
/** Field: a file's name, or options. */
export const FILE = 108;
/** Field: what tells DHCP from BOOTP. */
export const COOKIE = 236;
/** Field: the options, to the end. */
export const OPTIONS = 240;
/** Bytes of the shortest message that every relay takes (RFC 1542, 2.1). */
export const SHORTEST = 300;
/** What stands before the options: 99.130.83.99. */
export const MAGIC = 0x63825363;

/** Message type: a client looks for servers. */
export const DISCOVER = 1;
/** Message type: a server offers an address. */
export const OFFER = 2;
/** Message type: a client asks for an address, or to keep it. */
export const REQUEST = 3;
/** Message type: a client has found the address in use. */
export const DECLINE = 4;
/** Message type: the address is the client's. */
export const ACK = 5;
/** Message type: the address is not the client's, or no more. */
export const NAK = 6;
/** Message type: a client gives its address up. */
export const RELEASE = 7;
/** Message type: a client that has an address asks for the rest. */
export const INFORM = 8;

/** Option: the network's mask. */
export const OPTION_MASK = 1;
/** Option: routers. */
export const OPTION_ROUTER = 3;
/** Option: DNS servers. */
export const OPTION_DNS = 6;
/** Option: the client's name. */
export const OPTION_HOSTNAME = 12;
/** Option: the domain in which names are looked for. */
export const OPTION_DOMAIN = 15;
/** Option: the MTU of the link. */
export const OPTION_MTU = 26;
/** Option: the address that a client wants. */
export const OPTION_REQUESTED = 50;
/** Option: seconds for which the address is the client's. */
export const OPTION_LEASE = 51;
/** Option: where further options stand, in the fields of names. */
export const OPTION_OVERLOAD = 52;
/** Option: the message type. */
export const OPTION_TYPE = 53;
/** Option: which server. */
export const OPTION_SERVER = 54;
/** Option: which options the client wants. */
export const OPTION_PARAMETERS = 55;
/** Option: words for humans. */
export const OPTION_MESSAGE = 56;
/** Option: bytes of the largest message. */
export const OPTION_SIZE = 57;
/** Option: seconds until the client renews, T1. */
export const OPTION_T1 = 58;
/** Option: seconds until the client asks any server, T2. */
export const OPTION_T2 = 59;
/** Option: which client. */
export const OPTION_CLIENT = 61;
/** Option: the domains in which names are looked for (RFC 3397). */
export const OPTION_SEARCH = 119;
/** Option: routes (RFC 3442). */
export const OPTION_ROUTES = 121;
/** Option: there are no more. */
export const OPTION_END = 255;

/** Milliseconds before the first repetition of a message, doubled for each of the first four (RFC 2131, 4.1). */
export const FIRST_DELAY = 4000;
/** How often it is doubled. */
export const DOUBLINGS = 4;
/** What makes of an int32 at random a time of up to a second, in milliseconds. */
export const SECOND = 2_147_484;
/** Requests before the search begins anew. */
export const REQUESTS = 4;
/** Milliseconds between two requests to renew, at least (RFC 2131, 4.4.5). */
export const LEAST_RENEWAL = 60_000;
/** Milliseconds to wait after an address that turned out to be in use (RFC 2131, 3.1). */
export const DECLINE_DELAY = 10_000;
/** Milliseconds to wait after a server took its word back, so that two that quarrel do not flood the link. */
export const NAK_DELAY = 1000;

/** State: nothing is known. Like the next two it rests until a timer begins an exchange, in the state three further. */
export const INIT = 0;
/** State: the address of the last run is known. */
export const INIT_REBOOT = 1;
/** State: there is a lease. */
export const BOUND = 2;
/** State: servers are looked for. */
export const SELECTING = 3;
/** State: the address of the last run is asked for. */
export const REBOOTING = 4;
/** State: the server of the lease is asked for more time. */
export const RENEWING = 5;
/** State: any server is. */
export const REBINDING = 6;
/** State: what a server offers is asked for. */
export const REQUESTING = 7;
/** State: what it granted is probed for. */
export const CHECKING = 8;
