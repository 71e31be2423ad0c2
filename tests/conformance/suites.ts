// Every case, by what it speaks: IP packets, or Ethernet frames.

import { ARP_CASES } from "./arp_cases.ts";
import type { Case, FrameCase } from "./case.ts";
import { ETHERNET_CASES } from "./ethernet_cases.ts";
import { ICMP_CASES } from "./icmp_cases.ts";
import { ICMPV6_CASES } from "./icmpv6_cases.ts";
import { IPV4_CASES } from "./ipv4_cases.ts";
import { IPV4_FRAGMENT_CASES } from "./ipv4_fragment_cases.ts";
import { IPV6_CASES } from "./ipv6_cases.ts";
import { IPV6_EXTENSION_CASES } from "./ipv6_extension_cases.ts";
import { IPV6_FRAGMENT_CASES } from "./ipv6_fragment_cases.ts";
import { MLD_CASES } from "./mld_cases.ts";
import { NDP_CASES } from "./ndp_cases.ts";
import { TCP_CLOSING_CASES } from "./tcp_closing_cases.ts";
import { TCP_ICMP_ERROR_CASES } from "./tcp_icmp_error_cases.ts";
import { TCP_OPENING_CASES } from "./tcp_opening_cases.ts";
import { TCP_PACKET_CASES } from "./tcp_packet_cases.ts";
import { TCP_RECEIVING_CASES } from "./tcp_receiving_cases.ts";
import { TCP_RECOVERY_CASES } from "./tcp_recovery_cases.ts";
import { TCP_SENDING_CASES } from "./tcp_sending_cases.ts";
import { TCP_STATE_CASES } from "./tcp_state_cases.ts";
import { TCP_TIMESTAMP_CASES } from "./tcp_timestamp_cases.ts";
import { TRANSPORTS_OVER_IPV6_CASES } from "./transports_over_ipv6_cases.ts";
import { UDP_CASES } from "./udp_cases.ts";

/** Cases over IP. */
export const OVER_IP: readonly Case[] = [
  ...IPV4_CASES,
  ...IPV4_FRAGMENT_CASES,
  ...ICMP_CASES,
  ...UDP_CASES,
  ...TCP_OPENING_CASES,
  ...TCP_STATE_CASES,
  ...TCP_PACKET_CASES,
  ...TCP_RECEIVING_CASES,
  ...TCP_SENDING_CASES,
  ...TCP_RECOVERY_CASES,
  ...TCP_TIMESTAMP_CASES,
  ...TCP_CLOSING_CASES,
  ...TCP_ICMP_ERROR_CASES,
];
/** Cases over Ethernet. */
export const OVER_ETHERNET: readonly FrameCase[] = [
  ...ETHERNET_CASES,
  ...ARP_CASES,
  ...IPV6_CASES,
  ...IPV6_EXTENSION_CASES,
  ...IPV6_FRAGMENT_CASES,
  ...ICMPV6_CASES,
  ...NDP_CASES,
  ...MLD_CASES,
  ...TRANSPORTS_OVER_IPV6_CASES,
];
